/** The end of a remembered history in the form of the small charts. */

import type { HistoryMetric, MetricHistory } from "../../api/history";
import type { History } from "../../api/inside";

export const LATELY_METRICS = ["rate", "errors", "queue", "waitP95", "handleP95"] as const satisfies HistoryMetric[];

/** Steps at the end that applications may not have told of yet: they are no gap. */
const LATE = 5;

export function latelyOf({ from, to, step, series }: MetricHistory): History {
  const count = Math.round((to - from) / step);
  const of = (metric: HistoryMetric) => series.find((one) => one.metric === metric)?.values ?? Array(count).fill(null);
  const rate = of("rate");
  let end = count;
  while (end > count - LATE && end > 0 && rate[end - 1] === null) end -= 1;
  // Where nobody was heard for longer it is a gap.
  if (end === count - LATE) end = count;
  const cut = (metric: HistoryMetric) => of(metric).slice(0, end);
  return {
    from: new Date(from).toISOString(),
    step,
    rate: cut("rate"),
    errors: cut("errors"),
    queue: cut("queue"),
    waitMs: cut("waitP95"),
    handleMs: cut("handleP95"),
  };
}
