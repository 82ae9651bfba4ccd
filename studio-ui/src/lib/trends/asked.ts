/** How a page asks for a history that goes on: once for all of it, then for what came since, as long as that fits. */

import {
  fetchHistory,
  type HistoryAsked,
  type HistoryBy,
  type HistoryMetric,
  type MetricHistory,
} from "../../api/history";
import { print } from "../filter/filter";
import { literal } from "../filter/pattern";
import { joined, restFrom } from "./join";
import { isFixed, lengthOf, type Range, stretchOf } from "./range";

export type TrendsAsked = {
  by: HistoryBy;
  metrics: readonly HistoryMetric[];
  filter: string;
  range: Range;
  /** Names at most. */
  limit: number;
};

/** A history, and when all of it was asked for, in milliseconds of this computer's clock. */
export type Trends = { history: MetricHistory; wholeAt: number };

/** Who has the most may change: after this long it is asked again. */
const WHOLE_MS = 30_000;
/** A filter that the studio takes has no more letters. */
const MOST_LETTERS = 2000;

export type Asking = {
  /** The studio's time and this computer's, in milliseconds since 1970. */
  studioNow: number;
  now: number;
  signal?: AbortSignal | undefined;
};

export async function askTrends(asked: TrendsAsked, known: Trends | undefined, asking: Asking): Promise<Trends> {
  const { studioNow, now, signal } = asking;
  const rest = known && restOf(asked, known, studioNow, now);
  if (known && rest) {
    const history = joined(known.history, await fetchHistory(rest, signal), lengthOf(asked.range));
    if (history !== undefined) return { history, wholeAt: known.wholeAt };
  }
  const { by, metrics, filter, range, limit } = asked;
  const whole = { by, metrics, filter, limit, ...stretchOf(range, studioNow) };
  return { history: await fetchHistory(whole, signal), wholeAt: now };
}

/** The question for what came since; undefined where all of it has to be asked for. */
export function restOf(asked: TrendsAsked, known: Trends, studioNow: number, now: number): HistoryAsked | undefined {
  const { by, metrics, range } = asked;
  const { history, wholeAt } = known;
  // Of longer ranges a step is longer than it takes to tell all of them.
  if (isFixed(range) || range.last !== "10m" || history.series.length === 0) return undefined;
  const names = [...new Set(history.series.map(({ name }) => name))];
  if (by !== "all" && now - wholeAt >= WHOLE_MS) return undefined;
  const from = restFrom(history);
  const points = Math.floor((studioNow - from) / history.step);
  // Fewer than none: it was asked for before the studio's clock was known.
  if (points < 1 || points * history.step > lengthOf(range)) return undefined;
  const filter = by === "all" || by === "process" ? asked.filter : withNames(asked.filter, by, names);
  if (filter.length > MOST_LETTERS) return undefined;
  return { by, metrics, filter, limit: Math.max(names.length, 1), from, to: from + points * history.step, points };
}

/** Only those of whom something is known already: others would take their places. */
function withNames(filter: string, by: "type" | "actor", names: readonly string[]): string {
  const field = by === "type" ? ("type" as const) : ("id" as const);
  const condition = { of: "field" as const, field, patterns: names.map(literal) };
  return [filter, print([{ negated: false, condition }])].filter(Boolean).join(" ");
}
