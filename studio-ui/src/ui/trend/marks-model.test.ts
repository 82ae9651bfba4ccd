import { describe, expect, it } from "vitest";
import { levelsWithin, mostWith, stretchesWithin } from "./marks-model";

describe("what is drawn over lines", () => {
  it("has room for the values that lines are compared with", () => {
    const marks = { levels: [{ name: "fires", value: 40 }], stretches: [] };
    expect(mostWith(10, marks)).toBe(40);
    expect(mostWith(90, marks)).toBe(90);
    expect(mostWith(undefined, marks)).toBe(40);
    expect(mostWith(undefined, undefined)).toBeUndefined();
    expect(mostWith(7, { levels: [{ name: "fires", value: Number.NaN }], stretches: [] })).toBe(7);
  });

  it("lies where its value is on the scale, and nowhere outside of it", () => {
    const levels = [
      { name: "fires", value: 5 },
      { name: "above", value: 11 },
      { name: "below", value: -1 },
    ];
    expect(levelsWithin(levels, { top: 10, ticks: [] })).toEqual([{ name: "fires", value: 5, share: 0.5 }]);
  });

  it("is cut at the ends of the picture, goes on to its end where it has none, and is never too narrow to be seen", () => {
    const steps = { from: 1000, to: 2000 };
    expect(stretchesWithin([{ from: 500, to: 1250 }], steps)).toEqual([{ left: 0, width: 0.25 }]);
    expect(stretchesWithin([{ from: 1500 }], steps)).toEqual([{ left: 0.5, width: 0.5 }]);
    expect(stretchesWithin([{ from: 1500, to: 1500 }], steps)).toEqual([{ left: 0.5, width: 0.004 }]);
    expect(stretchesWithin([{ from: 2000 }], steps)).toEqual([{ left: 0.996, width: 0.004 }]);
    expect(stretchesWithin([{ from: 0, to: 900 }, { from: 2001 }], steps)).toEqual([]);
    expect(stretchesWithin([{ from: 0 }], { from: 5, to: 5 })).toEqual([]);
  });
});
