import { describe, expect, it } from "vitest";
import { completions } from "./completion";
import { readFilter } from "./read";

const KNOWN = {
  types: [
    { word: "CounterActor", count: 2 },
    { word: "billing::Invoice", count: 1 },
  ],
  statuses: [
    { word: "active", count: 2 },
    { word: "unknown", count: 1 },
  ],
};

function offered(typed: string): string[] {
  return completions(typed, KNOWN).map(({ filter }) => filter);
}

describe("completion", () => {
  it("offers keys, then the values there are", () => {
    expect(offered("sta")).toEqual(["state:"]);
    expect(offered("x -t")).toEqual(["x -type:"]);
    expect(offered("type:cou")).toEqual(["type:CounterActor"]);
    expect(offered("type:b")).toEqual(['type:"billing::Invoice"']);
    expect(offered("state:failed,a")).toEqual(["state:failed,active"]);
    expect(offered("state:unk")).toEqual(['state:""']);
    expect(offered("is:s")).toEqual(["is:system", "is:stale"]);
    expect(offered("wait:")).toEqual(["wait:>"]);
  });

  it("keeps quiet within quotes and behind what is whole", () => {
    for (const typed of ['"a te', "nothing", "typ:x", "type:CounterActor", "wait:>5"])
      expect(offered(typed)).toEqual([]);
  });

  it("offers only what is a filter, but for a key that waits for its value", () => {
    for (const typed of ["", "-", "a ", "type:", "is:", "state:active,"]) {
      for (const filter of offered(typed)) {
        const { error } = readFilter(filter);
        expect(error === undefined || error.code === "missing_value", filter).toBe(true);
      }
    }
  });
});
