/** The metrics that a rule may be about, as the form names them, and how their values are typed. */

import type { HistoryBy, HistoryMetric, HistoryUnit } from "../../../api/history";
import { ACTOR_PANELS, PROCESS_PANELS, quantileOf, type TrendPanelShape } from "../../../ui/trend/panels";

export type MetricChoice = {
  metric: HistoryMetric;
  title: string;
  unit: HistoryUnit;
  ofProcesses: boolean;
  panel: TrendPanelShape;
};

export const METRICS: readonly MetricChoice[] = [
  ...ACTOR_PANELS.flatMap((panel) => choicesOf(panel, false)),
  ...PROCESS_PANELS.flatMap((panel) => choicesOf(panel, true)),
];

function choicesOf(panel: TrendPanelShape, ofProcesses: boolean): MetricChoice[] {
  return panel.metrics.map((metric) => ({
    metric,
    title: [panel.title, quantileOf(metric)].filter(Boolean).join(" "),
    unit: panel.unit,
    ofProcesses,
    panel,
  }));
}

/** Of one that this page does not know its own name. */
export function metricChoice(metric: string): MetricChoice {
  const known = METRICS.find((choice) => choice.metric === metric);
  const panel: TrendPanelShape = { key: metric, title: metric, metrics: [metric as HistoryMetric], unit: "count" };
  return known ?? { metric: metric as HistoryMetric, title: metric, unit: "count", ofProcesses: false, panel };
}

/** By what a metric may be told. */
export function groupingsOf({ ofProcesses }: MetricChoice): readonly HistoryBy[] {
  return ofProcesses ? ["process"] : ["all", "type", "actor"];
}

/** How a value is typed: in which words, and how much one of them is. */
export const TYPED: Record<HistoryUnit, { word: string; factor: number }> = {
  perSecond: { word: "a second", factor: 1 },
  count: { word: "", factor: 1 },
  ms: { word: "ms", factor: 1 },
  bytes: { word: "MiB", factor: 1024 ** 2 },
  cores: { word: "cores", factor: 1 },
  share: { word: "%", factor: 0.01 },
};

export function typedValue(unit: HistoryUnit, value: number): string {
  return String(Number((value / TYPED[unit].factor).toPrecision(12)));
}

/** What was typed as a value; undefined where it is none. */
export function readValue(unit: HistoryUnit, typed: string): number | undefined {
  const text = typed.trim().replace(",", ".");
  const value = Number(text);
  return text === "" || !Number.isFinite(value) ? undefined : Number((value * TYPED[unit].factor).toPrecision(12));
}
