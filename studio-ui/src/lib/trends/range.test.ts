import { describe, expect, it } from "vitest";
import {
  fixedBetween,
  isFixed,
  lengthOf,
  localMoment,
  printRange,
  type Range,
  readRange,
  refreshOf,
  SPANS,
  stretchOf,
} from "./range";

const NOW = Date.parse("2025-12-13T12:00:00Z");
const MINUTE = 60_000;

describe("the range in the address", () => {
  it("is read back as it was written", () => {
    const ranges: Range[] = [
      ...SPANS.map((last) => ({ last })),
      { from: NOW - 90_000, to: NOW },
      { from: 1, to: 5002 },
    ];
    for (const range of ranges) expect(readRange(printRange(range))).toEqual(range);
    expect(printRange({ last: "10m" })).toEqual({});
    expect(printRange({ from: NOW, to: NOW + 5000 })).toEqual({
      from: "2025-12-13T12:00:00Z",
      to: "2025-12-13T12:00:05Z",
    });
  });

  it("may be written by hand in milliseconds, and where it is none the last ten minutes are meant", () => {
    expect(readRange({ from: 1000, to: "9000" })).toEqual({ from: 1000, to: 9000 });
    for (const search of [
      {},
      { range: "5 years" },
      { from: 9000, to: 1000 },
      { from: "x", to: "y" },
      { from: 1000 },
      { from: 1000, to: 1001 },
      { from: 1e300, to: 2e300 },
      { from: { a: 1 }, to: [] },
    ]) {
      expect(readRange(search)).toEqual({ last: "10m" });
    }
  });
});

describe("what is asked for", () => {
  it("has a point for each second of ten minutes, and never more than are seen", () => {
    // The studio's steps begin where multiples of them do, so there may be one more.
    expect(stretchOf({ last: "10m" }, NOW + 999)).toEqual({ from: NOW - 10 * MINUTE, to: NOW, points: 601 });
    expect(stretchOf({ last: "2h" }, NOW).points).toBe(721);
    expect(stretchOf({ last: "1d" }, NOW).points).toBe(721);
    expect(stretchOf({ last: "1w" }, NOW).points).toBe(673);
    // An hour ago ten seconds are the finest there is; yesterday a minute.
    expect(stretchOf({ from: NOW - 60 * MINUTE, to: NOW - 50 * MINUTE }, NOW).points).toBe(61);
    expect(stretchOf({ from: NOW - 1440 * MINUTE, to: NOW - 1430 * MINUTE }, NOW).points).toBe(11);
    expect(stretchOf({ from: 0, to: NOW }, NOW).points).toBe(720);
  });

  it("is asked again where there may be something new", () => {
    expect(SPANS.map((last) => refreshOf({ last }, NOW))).toEqual([1000, 10_000, MINUTE, MINUTE]);
    expect(refreshOf({ from: NOW - 60_000, to: NOW - 30_000 }, NOW)).toBe(false);
    expect(refreshOf({ from: NOW - 60_000, to: NOW + 30_000 }, NOW)).toBe(5000);
  });
});

it("takes two ends in any order, in whole seconds, and none that are one", () => {
  expect(fixedBetween(9400, 1300)).toEqual({ from: 1000, to: 9000 });
  expect(fixedBetween(1000, 2000)).toBeUndefined();
  expect(fixedBetween(Number.NaN, 2000)).toBeUndefined();
  expect(isFixed({ from: 1, to: 2 })).toBe(true);
  expect([lengthOf({ last: "2h" }), lengthOf({ from: 1, to: 3 })]).toEqual([7_200_000, 2]);
});

it("writes a moment as a field reads it", () => {
  const at = new Date(2025, 11, 3, 4, 5, 6).getTime();
  expect(localMoment(at)).toBe("2025-12-03T04:05:06");
  expect(new Date(localMoment(at)).getTime()).toBe(at);
});
