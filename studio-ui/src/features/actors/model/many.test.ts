import { describe, expect, it } from "vitest";
import type { ActorRecord } from "../../../api/types";
import { between, MOST_CHOSEN, NOBODY, newest, toggled, withAll } from "./choice";
import { plansFor } from "./many";

function actor(id: string, more: Partial<ActorRecord> = {}): ActorRecord {
  return { id, type: "T", status: "active", controls: { orders: ["pause", "resume", "kill"] }, ...more };
}

describe("who is chosen", () => {
  it("is one more or one less, and never too many", () => {
    const one = toggled(NOBODY, actor("a"));
    expect([...one.keys()]).toEqual(["a"]);
    expect(toggled(one, actor("a")).size).toBe(0);
    const many = Array.from({ length: MOST_CHOSEN + 10 }, (_, index) => actor(`a${index}`));
    const full = withAll(NOBODY, many);
    expect(full.size).toBe(MOST_CHOSEN);
    expect(toggled(full, actor("z")).has("z")).toBe(false);
    expect(toggled(full, actor("a3")).size).toBe(MOST_CHOSEN - 1);
  });

  it("is a stretch whichever end was first, where all of it is known", () => {
    const rows = new Map([5, 6, 7].map((place) => [place, actor(`a${place}`)]));
    expect(between(rows, 7, 5)?.map(({ id }) => id)).toEqual(["a5", "a6", "a7"]);
    expect(between(rows, 5, 8)).toBeUndefined();
  });

  it("is known as it is now, or as it was seen last", () => {
    const chosen = withAll(NOBODY, [actor("a"), actor("b")]);
    const now = newest(chosen, [actor("b", { status: "paused" }), actor("c")]);
    expect([...now].map(([id, { status }]) => [id, status])).toEqual([
      ["a", "active"],
      ["b", "paused"],
    ]);
  });
});

describe("one order to many", () => {
  it("goes to those that take it, and tells of the others why they do not", () => {
    const plans = plansFor([
      actor("a"),
      actor("b", { controls: { orders: ["pause"] } }),
      actor("mute", { controls: { orders: [] } }),
      actor("gone", { status: "failed" }),
      actor("silent", { status: "stale" }),
    ]);
    expect(plans.map(({ order, to }) => [order, to.map(({ id }) => id)])).toEqual([
      ["pause", ["a", "b"]],
      ["resume", ["a"]],
      ["kill", ["a"]],
    ]);
    expect(plans.at(-1)?.leftOut).toEqual([
      { why: "does not take “kill”", ids: ["b"] },
      { why: "takes no orders", ids: ["mute"] },
      { why: "ended", ids: ["gone"] },
      { why: "its process is silent", ids: ["silent"] },
    ]);
  });

  it("says what it will do to how many", () => {
    const many = [actor("a", { queueDepth: 3 }), actor("b", { queueDepth: 9 })];
    const kill = plansFor(many).find(({ order }) => order === "kill");
    expect(kill?.says).toContain("They stop at once. What waits is lost (12 messages).");
    const [pause] = plansFor([actor("a")]);
    expect(pause?.says).toBe(
      "It takes no further message until resumed; what is sent meanwhile waits, and its queue grows.",
    );
    expect(plansFor([actor("mute", { controls: { orders: ["message", "config"] } })])).toEqual([]);
  });
});
