import { describe, expect, it } from "vitest";
import { areaOf, lastOf, pathOf, plot, roundUp, thinned } from "./plot";

describe("plot", () => {
  it("leaves a gap where nothing is known, and carries no value forward", () => {
    const { pieces, last, most } = plot([1, 2, null, 4, null]);
    expect(pieces.map((piece) => piece.map(({ y }) => y))).toEqual([[0.25, 0.5], [1]]);
    expect([last, most]).toEqual([undefined, 4]);
  });

  it("draws nothing of nothing, and a zero as a line on the ground", () => {
    expect(plot([]).pieces).toEqual([]);
    expect(plot([null, null]).pieces).toEqual([]);
    expect(plot([0, 0])).toMatchObject({ top: 1, last: 0, most: 0, pieces: [[{ y: 0 }, { y: 0 }]] });
  });

  it("spreads from the left edge to the right", () => {
    expect(plot([1, 1, 1]).pieces[0]?.map(({ x }) => x)).toEqual([0, 0.5, 1]);
  });
});

it("scales to round numbers that nothing exceeds", () => {
  const cases: [number, number][] = [
    [0, 1],
    [1, 1],
    [1.1, 1.5],
    [7, 8],
    [50, 50],
    [51, 60],
    [652, 800],
    [0.035, 0.04],
    [0.3, 0.3],
  ];
  for (const [value, top] of cases) expect(roundUp(value)).toBe(top);
});

it("draws upside down, as a picture has it", () => {
  const piece = [
    { x: 0, y: 0 },
    { x: 1, y: 1 },
  ];
  expect(pathOf(piece, 100, 50)).toBe("M0.0,50.0L100.0,0.0");
  expect(areaOf(piece, 100, 50)).toBe("M0.0,50.0L100.0,0.0L100.0,50L0.0,50Z");
  expect(pathOf(piece.slice(0, 1), 100, 50)).toContain("h0.01");
  expect(areaOf(piece.slice(0, 1), 100, 50)).toBe("");
});

it("keeps peaks and gaps when it thins", () => {
  expect(thinned([1, 9, null, null, 3, 2], 3)).toEqual([9, null, 3]);
  expect(thinned([1, 2], 3)).toEqual([1, 2]);
  expect(thinned([1, 2, 3], 2)).toEqual([1, 3]);
});

it("takes the end of a history, in whole steps", () => {
  const numbers = [1, 2, 3, 4, 5, 6];
  const series = { rate: numbers, errors: numbers, queue: numbers, waitMs: numbers, handleMs: numbers };
  const history = { step: 10_000, from: "2025-12-13T03:33:00.000Z", ...series };
  const end = lastOf(history, 20);
  expect([end.from, end.rate, end.queue]).toEqual(["2025-12-13T03:33:40.000Z", [5, 6], [5, 6]]);
  expect(lastOf(history, 600)).toEqual(history);
});
