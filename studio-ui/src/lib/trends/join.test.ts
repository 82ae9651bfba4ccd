import { describe, expect, it } from "vitest";
import type { MetricHistory } from "../../api/history";
import { joined, restFrom } from "./join";

function history(from: number, values: Record<string, (number | null)[]>, step = 1000): MetricHistory {
  const series = Object.entries(values).map(([name, values]) => ({
    by: "type" as const,
    name,
    metric: "rate" as const,
    unit: "perSecond" as const,
    values,
    max: values,
  }));
  const count = series[0]?.values.length ?? 0;
  return { from, to: from + count * step, step, series, more: 0, leftOut: 0, since: from };
}

function values(of: MetricHistory | undefined): unknown {
  return of?.series.map(({ name, values }) => [name, ...values]);
}

describe("what came since", () => {
  it("is put at the end, and the oldest falls out", () => {
    const next = joined(history(10_000, { a: [1, 2, 3, 4] }), history(13_000, { a: [4, 5, 6] }), 4000);
    expect(values(next)).toEqual([["a", 3, 4, 5, 6]]);
    expect(next).toMatchObject({ from: 12_000, to: 16_000, step: 1000 });
    expect(next?.series[0]?.max).toEqual([3, 4, 5, 6]);
  });

  it("replaces what was told too early", () => {
    const next = joined(history(0, { a: [1, 2, null] }), history(1000, { a: [2, 7, 8] }), 10_000);
    expect(values(next)).toEqual([["a", 1, 2, 7, 8]]);
  });

  it("leaves a gap for who was not heard of", () => {
    const next = joined(history(0, { a: [1, 2], b: [3, 4] }), history(2000, { b: [5, 6] }), 3000);
    expect(values(next)).toEqual([
      ["a", 2, null, null],
      ["b", 4, 5, 6],
    ]);
  });

  it("is asked for from a little before the end on", () => {
    expect(restFrom(history(0, { a: [1, 2] }))).toBe(0);
    expect(restFrom(history(0, { a: Array(10).fill(1) }))).toBe(5000);
  });
});

it("joins nothing that does not fit: other steps, a hole between, something from before", () => {
  const known = history(10_000, { a: [1, 2] });
  expect(joined(known, history(12_000, { a: [1, 2] }, 500), 10_000)).toBeUndefined();
  expect(joined(known, history(13_000, { a: [1, 2] }), 10_000)).toBeUndefined();
  expect(joined(known, history(12_400, { a: [1, 2] }), 10_000)).toBeUndefined();
  expect(joined(known, history(9000, { a: [1, 2] }), 10_000)).toBeUndefined();
});
