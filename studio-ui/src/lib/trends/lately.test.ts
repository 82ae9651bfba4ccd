import { expect, it } from "vitest";
import type { MetricHistory } from "../../api/history";
import { latelyOf } from "./lately";

function history(rate: (number | null)[], wait: (number | null)[]): MetricHistory {
  const series = (metric: "rate" | "waitP95", values: (number | null)[]) => ({
    ...{ by: "all" as const, name: "all", unit: "ms" as const, max: values },
    metric,
    values,
  });
  return {
    ...{ from: 0, to: rate.length * 1000, step: 1000, more: 0, leftOut: 0, since: 0 },
    series: [series("rate", rate), series("waitP95", wait)],
  };
}

it("has the rates and the waits, and gaps for what is not told", () => {
  expect(latelyOf(history([1, null, 3], [null, null, 5]))).toEqual({
    from: "1970-01-01T00:00:00.000Z",
    step: 1000,
    rate: [1, null, 3],
    errors: [null, null, null],
    queue: [null, null, null],
    waitMs: [null, null, 5],
    handleMs: [null, null, null],
  });
});

it("ends with what was heard last, and with a gap where that is long ago", () => {
  expect(latelyOf(history([1, 2, null, null], [1, 2, null, null])).rate).toEqual([1, 2]);
  const long = [1, 2, null, null, null, null, null];
  expect(latelyOf(history(long, long)).rate).toEqual(long);
});
