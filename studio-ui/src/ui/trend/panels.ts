/** The pictures that a history is shown in: which metrics each has, and how its lines are made. */

import type { HistoryMetric, HistoryUnit, MetricHistory, MetricSeries } from "../../api/history";

/** A line of a picture, with its place among the looks of lines. */
export type TrendLine = {
  name: string;
  values: readonly (number | null)[];
  max: readonly (number | null)[];
  slot: number;
};

/** How a line is drawn: in the colour of a variable of the style sheet, and dashed where colours alone are too much alike. */
export type Look = { color: string; dashed: boolean };

export type TrendPanelShape = {
  key: string;
  title: string;
  metrics: readonly HistoryMetric[];
  unit: HistoryUnit;
  /** The colour of its line where it has one only. */
  tone?: Tone;
};

export type Tone = "accent" | "bad" | "busy" | "wait";

/** Lines that are told apart by their looks. */
export const SLOTS = 8;

export const QUANTILES = ["p50", "p95", "p99"] as const;
export type Quantile = (typeof QUANTILES)[number];

export const ACTOR_PANELS = [
  { key: "rate", title: "Messages", metrics: ["rate"], unit: "perSecond" },
  { key: "errors", title: "Errors", metrics: ["errors"], unit: "perSecond", tone: "bad" },
  { key: "queue", title: "Queue", metrics: ["queue"], unit: "count", tone: "busy" },
  { key: "wait", title: "Waiting", metrics: ["waitP50", "waitP95", "waitP99"], unit: "ms" },
  { key: "handle", title: "Handling", metrics: ["handleP50", "handleP95", "handleP99"], unit: "ms" },
  { key: "actors", title: "Living actors", metrics: ["actors"], unit: "count" },
] as const satisfies readonly TrendPanelShape[];

export const PROCESS_PANELS = [
  { key: "cpu", title: "Processor", metrics: ["cpu"], unit: "cores" },
  { key: "memory", title: "Memory", metrics: ["memory"], unit: "bytes" },
  { key: "load", title: "Arbiters busy", metrics: ["load"], unit: "share" },
  { key: "files", title: "Open files", metrics: ["files"], unit: "count" },
] as const satisfies readonly TrendPanelShape[];

export type PanelKey = (typeof ACTOR_PANELS)[number]["key"] | (typeof PROCESS_PANELS)[number]["key"];

export const PANEL_KEYS: readonly PanelKey[] = [...ACTOR_PANELS, ...PROCESS_PANELS].map(({ key }) => key);

/** The metrics of a picture in which each name has one line: of quantiles the one that is chosen. */
export function metricsOf({ metrics }: TrendPanelShape, quantile: Quantile | undefined): readonly HistoryMetric[] {
  if (quantile === undefined || metrics.length === 1) return metrics;
  return metrics.filter((metric) => metric.toLowerCase().endsWith(quantile));
}

/** `p95` of `waitP95`; a metric that is no quantile has no such word. */
export function quantileOf(metric: HistoryMetric): string | undefined {
  return /P(\d+)$/.exec(metric)?.[0].toLowerCase();
}

/** The lines of a picture: one a name, or where there is one name only, one a metric. */
export function linesOf(
  history: MetricHistory,
  metrics: readonly HistoryMetric[],
  slots: ReadonlyMap<string, number>,
): TrendLine[] {
  const series = history.series.filter(({ metric }) => metrics.includes(metric));
  if (metrics.length === 1) return series.map((one) => lineOf(one, one.name, slots.get(one.name) ?? 0));
  return metrics.flatMap((metric, index) => {
    const one = series.find((candidate) => candidate.metric === metric);
    return one === undefined ? [] : [lineOf(one, quantileOf(metric) ?? metric, index)];
  });
}

/** From the one that is drawn first to the one that lies above all: a higher quantile would hide the lower ones. */
export function inDrawnOrder(lines: readonly TrendLine[], areQuantiles: boolean): readonly TrendLine[] {
  return areQuantiles ? [...lines].reverse() : lines;
}

function lineOf({ values, max }: MetricSeries, name: string, slot: number): TrendLine {
  return { name, values, max, slot };
}

/** A look for each name: who had one keeps it, so that no line changes its colour while others come and go. */
export function withSlots(before: ReadonlyMap<string, number>, names: readonly string[]): ReadonlyMap<string, number> {
  if (names.every((name) => before.has(name)) && before.size === new Set(names).size) return before;
  const next = new Map<string, number>();
  for (const name of names) {
    const slot = before.get(name);
    if (slot !== undefined) next.set(name, slot);
  }
  const taken = new Set(next.values());
  const free = Array.from({ length: Math.max(SLOTS, names.length) }, (_, slot) => slot).filter(
    (one) => !taken.has(one),
  );
  for (const name of names) if (!next.has(name)) next.set(name, free.shift() ?? 0);
  return next;
}

export function lookOf(slot: number, tone?: Tone): Look {
  if (tone !== undefined) return { color: `--${tone}`, dashed: false };
  const place = slot % SLOTS;
  return { color: `--series-${place + 1}`, dashed: place >= SLOTS / 2 };
}

/** The names of a history, those with the most first. */
export function namesOf({ series }: MetricHistory): string[] {
  return [...new Set(series.map(({ name }) => name))];
}

/** The greatest of what is drawn, and whose it is; undefined where nothing was measured. */
export function mostOf(lines: readonly TrendLine[], withPeaks: boolean): { name: string; value: number } | undefined {
  let most: { name: string; value: number } | undefined;
  for (const { name, values, max } of lines) {
    for (const value of withPeaks ? max : values) {
      if (value !== null && (most === undefined || value > most.value)) most = { name, value };
    }
  }
  return most;
}
