import { expect, it } from "vitest";
import { isWithin, namedRange, pointedOf, rangeOf, readPointed, stretched } from "./pointed";

it("reads one line, and a range from the smaller to the larger", () => {
  expect([12, "12", "12-30", "30-12", "12-12", "007-9"].map(readPointed)).toEqual([
    12,
    12,
    "12-30",
    "12-30",
    12,
    "7-9",
  ]);
});

it("takes nothing else for lines", () => {
  const nonsense = [
    undefined,
    null,
    "",
    "x",
    0,
    -3,
    1.5,
    "0-5",
    "5-0",
    "-5",
    "5-",
    "1-2-3",
    "1.5-3",
    "a-b",
    {},
    true,
    [3],
  ];
  expect(nonsense.map(readPointed).filter((one) => one !== undefined)).toEqual([]);
  expect(readPointed(`1-${"9".repeat(40)}`)).toBeUndefined();
  expect(rangeOf(undefined)).toBeUndefined();
});

it("prints what it reads", () => {
  for (const pointed of [1, "3-4", "12-9007199254740991"]) {
    const range = rangeOf(pointed);
    expect(range && pointedOf(range)).toBe(pointed);
  }
  expect(namedRange({ first: 3, last: 3 })).toBe("line 3");
  expect(namedRange({ first: 3, last: 5 })).toBe("lines 3 to 5");
});

it("has both ends within", () => {
  const range = { first: 3, last: 5 };
  expect([2, 3, 4, 5, 6].filter((line) => isWithin(range, line))).toEqual([3, 4, 5]);
  expect(isWithin(undefined, 3)).toBe(false);
});

it("stretches from the end that stays, to either side", () => {
  expect(stretched(undefined, undefined, 7)).toEqual({ first: 7, last: 7, stays: 7 });
  const down = stretched({ first: 7, last: 7 }, undefined, 9);
  expect(down).toEqual({ first: 7, last: 9, stays: 7 });
  expect(stretched(down, down.stays, 4)).toEqual({ first: 4, last: 7, stays: 7 });
  // What was the end of another choice says nothing of this one.
  expect(stretched({ first: 20, last: 30 }, 7, 25)).toEqual({ first: 20, last: 25, stays: 20 });
});
