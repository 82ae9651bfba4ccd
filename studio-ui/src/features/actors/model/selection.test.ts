import { describe, expect, it } from "vitest";
import type { ActorRecord } from "../../../api/types";
import { readFilter } from "../../../lib/filter/read";
import { readActorsSearch, type Sort, toggleSort } from "./search";
import { childrenOf, MOST_ROWS, select } from "./selection";

const ACTORS: ActorRecord[] = [
  { id: "counter-10", type: "CounterActor", status: "idle", messageCount: 5, workerId: "w-1" },
  { id: "counter-2", type: "CounterActor", status: "active", messageCount: 70 },
  { id: "run-1", type: "RunActor", status: "failed" },
  { id: "job-1", type: "JobActor", parentId: "run-1", status: "active", messageCount: 0 },
  { id: "silent", type: "JobActor" },
];

function wanted({ filter = "", sort }: { filter?: string; sort?: Sort }) {
  return { filter: readFilter(filter).filter ?? [], ...(sort && { sort }) };
}

function ids(search: { filter?: string; sort?: Sort }): string[] {
  return select(ACTORS, wanted(search)).rows.map((actor) => actor.id);
}

describe("select", () => {
  it("sorts names as people read them", () => {
    expect(ids({})).toEqual(["counter-2", "counter-10", "job-1", "run-1", "silent"]);
  });

  it("finds every word in any of the fields, in any case", () => {
    expect(ids({ filter: "COUNTER w-1" })).toEqual(["counter-10"]);
    expect(ids({ filter: "run-1" })).toEqual(["job-1", "run-1"]);
    expect(ids({ filter: "nothing" })).toEqual([]);
  });

  it("filters by status and type, the absent status too", () => {
    expect(ids({ filter: "state:active" })).toEqual(["counter-2", "job-1"]);
    expect(ids({ filter: "state:active type:JobActor" })).toEqual(["job-1"]);
    expect(ids({ filter: 'state:""' })).toEqual(["silent"]);
  });

  it("sorts numbers by size, the unknown last both ways", () => {
    expect(ids({ sort: "-messages" })).toEqual(["counter-2", "counter-10", "job-1", "run-1", "silent"]);
    expect(ids({ sort: "messages" })).toEqual(["job-1", "counter-10", "counter-2", "run-1", "silent"]);
  });

  it("counts statuses among what the other filters leave", () => {
    const { statuses, types, matched, total } = select(ACTORS, wanted({ filter: "type:JobActor state:active" }));
    expect(statuses).toEqual([
      { word: "active", count: 1 },
      { word: "unknown", count: 1 },
    ]);
    expect(types.map(({ word, count }) => [word, count])).toEqual([
      ["CounterActor", 2],
      ["JobActor", 2],
      ["RunActor", 1],
    ]);
    expect([matched, total]).toEqual([1, 5]);
  });

  it("cuts after filtering and sorting, and tells how many matched", () => {
    const many = Array.from({ length: MOST_ROWS + 10 }, (_, index) => ({
      id: `a-${index}`,
      type: "T",
      messageCount: index,
    }));
    const { rows, matched } = select(many, { sort: "-messages" });
    expect(rows).toHaveLength(MOST_ROWS);
    expect(rows[0]?.messageCount).toBe(MOST_ROWS + 9);
    expect(matched).toBe(MOST_ROWS + 10);
  });

  it("hides plumbing until it is asked for", () => {
    const all = [...ACTORS, { id: "janitor", type: "Janitor", system: true }];
    expect(select(all, wanted({})).total).toBe(5);
    expect(select(all, wanted({ filter: "janitor" })).matched).toBe(0);
    expect(select(all, { ...wanted({ filter: "janitor" }), plumbing: true }).matched).toBe(1);
    expect(select(all, wanted({ filter: "is:system" })).rows.map((actor) => actor.id)).toEqual(["janitor"]);
    expect(select(all, wanted({})).plumbing).toBe(1);
  });

  it("finds the children of an actor", () => {
    expect(childrenOf(ACTORS, "run-1", 5)).toEqual({ count: 1, ids: ["job-1"] });
    expect(childrenOf(ACTORS, "silent", 5)).toEqual({ count: 0, ids: [] });
  });
});

describe("the address", () => {
  it("takes what it knows and drops the rest", () => {
    expect(readActorsSearch({ q: 12, status: "idle", sort: "-queue", actor: "a", other: 1, type: "" })).toEqual({
      filter: "12 state:idle",
      sort: "-queue",
      actor: "a",
    });
    expect(readActorsSearch({ sort: "-nonsense", q: {} })).toEqual({});
  });

  it("turns the order round at the second click, numbers largest first", () => {
    expect(toggleSort("id", "messages")).toBe("-messages");
    expect(toggleSort("-messages", "messages")).toBe("messages");
    expect(toggleSort("-messages", "type")).toBe("type");
    expect(toggleSort("type", "type")).toBe("-type");
  });
});
