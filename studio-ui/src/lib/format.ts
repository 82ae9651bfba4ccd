/** Numbers, durations and moments as text. Unknown is an en dash, never a zero. */

import { BigCount } from "../api/json";

export const UNKNOWN = "–";

const COUNT = new Intl.NumberFormat("en-US");
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function formatCount(value: number | undefined): string {
  return value === undefined ? UNKNOWN : COUNT.format(exact(value));
}

/** As exact as it was read. */
function exact(value: number): number | bigint {
  return (value as unknown) instanceof BigCount ? BigInt(value.toString()) : value || 0;
}

/** `12 lines`, `1 line`. */
export function plural(count: number, word: string, words = `${word}s`): string {
  return `${formatCount(count)} ${count === 1 ? word : words}`;
}

/** A number with three digits that count: `0.12`, `1.5`, `42`, `1,234`. */
export function formatFigure(value: number | null | undefined): string {
  if (value === undefined || value === null || Number.isNaN(value)) return UNKNOWN;
  if ((value as unknown) instanceof BigCount) return formatCount(value);
  const size = Math.abs(value);
  // A zero with a sign, which rounding and arithmetic make, is a zero.
  if (size >= 100 || Number.isInteger(value)) return COUNT.format(Math.round(value) || 0);
  if (size >= 10) return value.toFixed(1).replace(/\.0$/, "");
  if (size >= 0.01) return String(Number(value.toPrecision(2)));
  return "< 0.01";
}

export function formatRate(perSecond: number | null | undefined): string {
  return perSecond === undefined || perSecond === null ? UNKNOWN : `${formatFigure(perSecond)}/s`;
}

/** Milliseconds that may be parts of one: `12 µs`, `0.4 ms`, `3.1 s`. */
export function formatMillis(millis: number | null | undefined): string {
  if (millis === undefined || millis === null || Number.isNaN(millis)) return UNKNOWN;
  if (millis >= SECOND) return formatDuration(millis);
  if (millis >= 0.1 || millis === 0) return `${formatFigure(millis)} ms`;
  return `${formatFigure(millis * 1000)} µs`;
}

/** A length of time with two units at most: `340 ms`, `2.4 s`, `1m 05s`, `2h 03m`, `3d 04h`. */
export function formatDuration(millis: number | undefined): string {
  if (millis === undefined || Number.isNaN(millis)) return UNKNOWN;
  const value = Math.max(0, millis);
  if (value < SECOND) return `${Math.round(value)} ms`;
  if (value < 10 * SECOND) return `${(Math.floor(value / 100) / 10).toFixed(1)} s`;
  if (value < MINUTE) return `${Math.floor(value / SECOND)} s`;
  if (value < HOUR) return `${Math.floor(value / MINUTE)}m ${two((value % MINUTE) / SECOND)}s`;
  if (value < DAY) return `${Math.floor(value / HOUR)}h ${two((value % HOUR) / MINUTE)}m`;
  return `${Math.floor(value / DAY)}d ${two((value % DAY) / HOUR)}h`;
}

/** How long ago, in whole seconds at the finest, so that a ticking list stays calm: `now`, `4 s ago`, `2m 10s ago`. */
export function formatAge(millis: number | undefined): string {
  if (millis === undefined || Number.isNaN(millis)) return UNKNOWN;
  if (millis < SECOND) return "now";
  if (millis < MINUTE) return `${Math.floor(millis / SECOND)} s ago`;
  return `${formatDuration(millis)} ago`;
}

/** From start to end, or to now while it goes on; unknown before it starts. */
export function elapsed(
  startedAt: string | undefined,
  finishedAt: string | undefined,
  now: number,
): number | undefined {
  if (startedAt === undefined) return undefined;
  const end = finishedAt === undefined ? now : Date.parse(finishedAt);
  return Math.max(0, end - Date.parse(startedAt));
}

export function formatMoment(timestamp: string | undefined): string {
  if (timestamp === undefined) return UNKNOWN;
  const at = new Date(timestamp);
  if (Number.isNaN(at.getTime())) return timestamp;
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${formatTime(timestamp)}`;
}

/** Time of day to the second. */
export function formatTime(timestamp: string | undefined): string {
  if (timestamp === undefined) return "";
  const at = new Date(timestamp);
  if (Number.isNaN(at.getTime())) return timestamp;
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** For a place that has room for one line; that there are more is said by its end. */
export function firstLine(text: string): string {
  const [first = ""] = text.split("\n", 1);
  return first.length < text.length ? `${first} …` : first;
}

/** The part of a long id that people compare by eye. */
export function shortId(id: string): string {
  return id.length <= 12 ? id : `${id.slice(0, 4)}…${id.slice(-6)}`;
}

/** What people call a run beside its workflow's name: `#138`, as far as that is known. */
export function runNumber({ runId, number }: { runId: string; number?: number | undefined }): string {
  return number === undefined ? shortId(runId) : `#${number}`;
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}
