/** What the studio remembers: how its question is put. The answers are described by its schema. */

import { getJson } from "./client";

export type HistoryBy = "all" | "type" | "actor" | "process";
export type ActorMetric =
  | "rate"
  | "errors"
  | "queue"
  | "waitP50"
  | "waitP95"
  | "waitP99"
  | "handleP50"
  | "handleP95"
  | "handleP99"
  | "actors";
export type ProcessMetric = "cpu" | "memory" | "files" | "load";
export type HistoryMetric = ActorMetric | ProcessMetric;
export type HistoryUnit = "perSecond" | "count" | "ms" | "bytes" | "cores" | "share";

/** One metric of one name; `null` is a step of which nothing is known. */
export type MetricSeries = {
  by: HistoryBy;
  name: string;
  metric: HistoryMetric;
  unit: HistoryUnit;
  values: (number | null)[];
  /** The greatest within each step. */
  max: (number | null)[];
};

/** Moments in milliseconds since 1970, steps in milliseconds. */
export type MetricHistory = {
  from: number;
  to: number;
  step: number;
  series: MetricSeries[];
  /** Names that fit and are not told, as there are too many. */
  more: number;
  /** Names of this kind that there was no room to keep. */
  leftOut: number;
  /** The oldest moment that is kept. */
  since: number | null;
};

/** What is asked for; without a stretch of time the last ten minutes. */
export type HistoryAsked = {
  by: HistoryBy;
  metrics: readonly HistoryMetric[];
  filter?: string;
  /** Milliseconds since 1970. */
  from?: number;
  to?: number;
  points: number;
  /** Names at most. */
  limit: number;
};

export function fetchHistory(asked: HistoryAsked, signal?: AbortSignal): Promise<MetricHistory> {
  const { by, metrics, filter, from, to, points, limit } = asked;
  const wanted = new URLSearchParams({ by, metric: metrics.join(), points: String(points), limit: String(limit) });
  if (filter) wanted.set("filter", filter);
  if (from !== undefined) wanted.set("from", String(from));
  if (to !== undefined) wanted.set("to", String(to));
  return getJson(`/api/history?${wanted}`, signal);
}
