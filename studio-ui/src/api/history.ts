/** What the studio remembers of its metrics, and how it is asked for it. */

import { getJson } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type HistoryBy = Schemas["HistoryBy"];
export type HistoryMetric = Schemas["HistoryMetric"];
export type HistoryUnit = Schemas["HistoryUnit"];
/** One metric of one name; `null` is a step of which nothing is known. */
export type MetricSeries = Schemas["MetricSeries"];
/** Moments in milliseconds since 1970, steps in milliseconds. */
export type MetricHistory = Schemas["MetricHistory"];

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
