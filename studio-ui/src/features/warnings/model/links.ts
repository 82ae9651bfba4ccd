/** Where a warning leads to in the metrics, and what silences it alone. */

import type { HistoryBy } from "../../../api/history";
import type { Condition, SilenceAsked, Warning } from "../../../api/warnings";
import { condition } from "../../../lib/filter/condition";
import { fixedBetween, printRange, type Range, SPANS, type Span } from "../../../lib/trends/range";
import { PANEL_KEYS, type PanelKey, quantileOf } from "../../../ui/trend/panels";
import { metricChoice } from "./metrics";

const MINUTE = 60_000;
/** What is shown before it began and after it ended. */
const AROUND = 10 * MINUTE;
const MILLIS: Record<Span, number> = {
  "10m": 10 * MINUTE,
  "2h": 120 * MINUTE,
  "1d": 1440 * MINUTE,
  "1w": 7 * 1440 * MINUTE,
};

export type MetricsLink = {
  by?: Exclude<HistoryBy, "all" | "process">;
  filter?: string;
  q?: "p50" | "p99";
  panels?: PanelKey[];
  range?: Span;
  from?: string;
  to?: string;
};

/** The page of metrics with what a warning is about, of whom, and when; undefined for one that is about no metric. */
export function metricsOf(warning: Warning, when: Condition | undefined, now: number): MetricsLink | undefined {
  if (when?.kind !== "metric") return undefined;
  const { panel, metric, ofProcesses } = metricChoice(when.metric);
  const key = PANEL_KEYS.find((one) => one === panel.key);
  const quantile = quantileOf(metric);
  const filter = filterOf(warning, when.filter);
  return {
    ...(key && { panels: [key] }),
    ...(!ofProcesses && (when.by === "type" || when.by === "actor") && { by: when.by }),
    ...(filter !== "" && !ofProcesses && { filter }),
    ...((quantile === "p50" || quantile === "p99") && { q: quantile }),
    ...printRange(rangeOf(warning, now)),
  };
}

/** One that goes on is seen to now; one that is over is seen from before its begin to after its end. */
function rangeOf({ since, resolved }: Warning, now: number): Range {
  const from = Date.parse(since) - AROUND;
  if (resolved != null) return fixedBetween(from, Date.parse(resolved) + AROUND) ?? { last: "1w" };
  return { last: SPANS.find((span) => MILLIS[span] >= now - from) ?? "1w" };
}

function filterOf({ about, subject }: Warning, filter: string): string {
  const own = about === "type" ? condition("type", subject) : about === "actor" ? condition("id", subject) : "";
  return own === "" || filter === own ? filter : own;
}

/** Silences what a rule says of one subject: what is no actor is found by its name as an id. */
export function silenceOf({ rule, about, subject }: Warning, until: number): SilenceAsked {
  const filter = about === "all" ? {} : { filter: condition(about === "type" ? "type" : "id", subject) };
  return { rule, ...filter, until: new Date(until).toISOString() };
}
