import { describe, expect, it } from "vitest";
import { printLength, readLength } from "./lengths";

describe("lengths of time", () => {
  it.each([
    ["90", 90],
    ["90s", 90],
    ["5m", 300],
    ["5 min", 300],
    ["1h 30m", 5400],
    ["1h30m", 5400],
    ["1.5h", 5400],
    [" 2D ", 172_800],
    ["0", 0],
  ])("are read as typed: %s", (typed, seconds) => {
    expect(readLength(typed)).toBe(seconds);
  });

  it.each(["", "soon", "5x", "m", "-5", "5m!", "1 month"])("are not made of %s", (typed) => {
    expect(readLength(typed)).toBeUndefined();
  });

  it.each([0, 1, 59, 60, 90, 3600, 5400, 86_400, 90_061])("are printed so that they are read again: %d", (seconds) => {
    expect(readLength(printLength(seconds))).toBe(seconds);
  });

  it("are as short as they can be", () => {
    expect([0, 60, 5400, 90_061].map(printLength)).toEqual(["0s", "1m", "1h 30m", "1d 1h 1m 1s"]);
  });
});
