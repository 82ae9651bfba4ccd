import { describe, expect, it } from "vitest";
import type { HistoryMetric, MetricHistory } from "../../api/history";
import {
  ACTOR_PANELS,
  inDrawnOrder,
  linesOf,
  metricsOf,
  mostOf,
  namesOf,
  quantileOf,
  SLOTS,
  withSlots,
} from "./panels";

function history(...series: [string, HistoryMetric, (number | null)[]][]): MetricHistory {
  return {
    ...{ from: 0, to: 3000, step: 1000, more: 0, leftOut: 0, since: 0 },
    series: series.map(([name, metric, values]) => ({
      ...{ by: "type", unit: "ms", name, metric, values },
      max: values.map((value) => value && value * 2),
    })),
  };
}

const WAITING = ACTOR_PANELS[3];

describe("the lines of a picture", () => {
  it("are quantiles of all, or one quantile of each", () => {
    const of = history(["all", "waitP99", [3]], ["all", "waitP50", [1]], ["all", "rate", [9]]);
    expect(linesOf(of, WAITING.metrics, new Map()).map(({ name, slot }) => [name, slot])).toEqual([
      ["p50", 0],
      ["p99", 2],
    ]);
    const lines = linesOf(of, WAITING.metrics, new Map());
    expect(inDrawnOrder(lines, true).map(({ name }) => name)).toEqual(["p99", "p50"]);
    expect(inDrawnOrder(lines, false)).toBe(lines);
    expect(metricsOf(WAITING, "p95")).toEqual(["waitP95"]);
    expect(metricsOf(ACTOR_PANELS[0], "p95")).toEqual(["rate"]);
    const two = history(["A", "waitP95", [3]], ["B", "waitP95", [1]], ["B", "rate", [9]]);
    const slots = new Map([
      ["A", 4],
      ["B", 1],
    ]);
    expect(linesOf(two, ["waitP95"], slots).map(({ name, slot }) => [name, slot])).toEqual([
      ["A", 4],
      ["B", 1],
    ]);
    expect(namesOf(two)).toEqual(["A", "B"]);
    expect([quantileOf("waitP50"), quantileOf("rate")]).toEqual(["p50", undefined]);
  });

  it("are as high as the greatest value, or the greatest peak", () => {
    const lines = linesOf(history(["A", "rate", [1, null, 5]]), ["rate"], new Map());
    expect([false, true].map((withPeaks) => mostOf(lines, withPeaks)?.value)).toEqual([5, 10]);
    expect(mostOf(lines, true)?.name).toBe("A");
    expect(mostOf([], true)).toBeUndefined();
  });
});

describe("looks", () => {
  it("stay with their names", () => {
    const first = withSlots(new Map(), ["a", "b", "c"]);
    expect([...first]).toEqual([
      ["a", 0],
      ["b", 1],
      ["c", 2],
    ]);
    const next = withSlots(first, ["c", "d", "b"]);
    expect(Object.fromEntries(next)).toEqual({ b: 1, c: 2, d: 0 });
    expect(withSlots(next, ["b", "c", "d"])).toBe(next);
  });

  it("are enough for all", () => {
    const names = Array.from({ length: SLOTS + 3 }, (_, index) => String(index));
    expect(new Set(withSlots(new Map(), names).values()).size).toBe(SLOTS + 3);
  });
});
