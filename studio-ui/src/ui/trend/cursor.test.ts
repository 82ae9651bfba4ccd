import { describe, expect, it } from "vitest";
import { indexAt, momentAt, moved, shareOf } from "./cursor";

const STEPS = { from: 10_000, to: 20_000, step: 1000 };

describe("the cursor", () => {
  it("stands on steps that are drawn", () => {
    expect([0, 0.04, 0.26, 0.97, 1].map((share) => momentAt(STEPS, share))).toEqual([
      10_000, 10_000, 13_000, 19_000, 19_000,
    ]);
    expect([indexAt(STEPS, 0), indexAt(STEPS, 14_400), indexAt(STEPS, 99_000)]).toEqual([0, 4, 9]);
    expect(indexAt({ from: 5, to: 5, step: 1000 }, 9)).toBe(0);
  });

  it("has a place in pictures that show its moment", () => {
    expect([shareOf(STEPS, 15_000), shareOf(STEPS, 9_999), shareOf(STEPS, 20_001)]).toEqual([
      0.5,
      undefined,
      undefined,
    ]);
  });

  it("is moved by keys, and not out of the picture", () => {
    expect(moved(STEPS, undefined, "ArrowLeft")).toBe(19_000);
    expect(moved(STEPS, undefined, "Home")).toBe(10_000);
    const to = (key: string) => moved(STEPS, 15_000, key);
    expect(["ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home", "End", "x"].map(to)).toEqual([
      14_000,
      16_000,
      14_000,
      16_000,
      10_000,
      19_000,
      undefined,
    ]);
    expect(moved(STEPS, 19_000, "ArrowRight")).toBe(19_000);
    expect(moved({ from: 1, to: 1, step: 1000 }, 1, "Home")).toBeUndefined();
  });
});
