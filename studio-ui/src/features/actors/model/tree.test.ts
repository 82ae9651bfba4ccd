import { expect, it } from "vitest";
import type { TreeLine } from "../../../api/inside";
import { placeOf, target } from "./current";
import { belowOf, type Folds, folded, foldsInAddress, opened, readFolds, typedTo } from "./tree";

function line(id: string, more: Partial<TreeLine> = {}): TreeLine {
  const actor = { id, type: "T" };
  return { actor, level: 1, position: 1, siblings: 1, children: 0, open: false, matches: true, below: {}, ...more };
}

it("remembers who is the other way, up to a bound", () => {
  const start = { unfold: "roots", except: [] } as const;
  const one = folded(start, "a");
  expect(one.except).toEqual(["a"]);
  expect(folded(one, "a").except).toEqual([]);
  const many = Array.from({ length: 1005 }, (_, index) => `a${index}`).reduce(folded, start);
  expect(many.except).toHaveLength(1000);
  expect(many.except.at(-1)).toBe("a1004");
});

it("says in the address what is not as at first, and no more than one has room for", () => {
  expect(foldsInAddress({ unfold: "roots", except: [] }, "roots")).toEqual({});
  const some: Folds = { unfold: "all", except: ["a b", "c"] };
  const address = foldsInAddress(some, "roots");
  expect(address).toEqual(some);
  expect(readFolds(JSON.parse(JSON.stringify(address)))).toEqual(some);
  const ids = Array.from({ length: 1000 }, (_, index) => `order/${index}`);
  const { except = [] } = foldsInAddress({ unfold: "roots", except: ids }, "roots");
  expect(except.at(-1)).toBe("order/999");
  expect(encodeURIComponent(JSON.stringify(except)).length).toBeLessThanOrEqual(1500);
  expect(readFolds({ unfold: "some", except: "a" })).toEqual({});
  expect(readFolds({ except: [1, "a", null] })).toEqual({ except: ["a"] });
});

it("opens all that have something to open and are not open", () => {
  const lines = [line("a", { children: 2 }), line("b"), line("c", { children: 1, open: true })];
  expect(opened({ unfold: "roots", except: ["c"] }, lines).except).toEqual(["c", "a"]);
});

it("tells the worst of what is folded away, and nothing where all are well", () => {
  expect(belowOf({ active: 4, failed: 1, stale: 2 })).toEqual({ count: 7, worst: { state: "failed", count: 1 } });
  expect(belowOf({ paused: 1, idle: 2 })).toEqual({ count: 3, worst: { state: "paused", count: 1 } });
  expect(belowOf({ active: 4, idle: 1, unknown: 1 })).toEqual({ count: 6, worst: undefined });
  expect(belowOf({})).toEqual({ count: 0, worst: undefined });
});

it("goes to the next name that begins with what is typed, and round again", () => {
  const lines = new Map(["cart-1", "till", "cart-2"].map((id, place) => [place, line(id)]));
  expect(typedTo(lines, 0, "c")).toBe(2);
  expect(typedTo(lines, 2, "C")).toBe(0);
  expect(typedTo(lines, 2, "cart-2")).toBe(2);
  expect(typedTo(lines, 0, "x")).toBeUndefined();
});

it("keeps to somebody who moves, and to a place where nobody is known", () => {
  const rows = new Map([
    [0, { id: "a" }],
    [1, { id: "b" }],
  ]);
  expect(placeOf({ id: "b", place: 0 }, rows, 2)).toBe(1);
  expect(placeOf({ id: "gone", place: 5 }, rows, 2)).toBe(1);
  expect([target("ArrowDown", 1, 2), target("Home", 1, 2), target("End", -1, 2), target("x", 0, 2)]).toEqual([
    1,
    0,
    1,
    undefined,
  ]);
});
