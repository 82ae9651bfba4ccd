/** Which stretch of time is shown: the last minutes, which move on, or one that is fixed. Moments are milliseconds since 1970. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const SPANS = ["10m", "2h", "1d", "1w"] as const;

export type Span = (typeof SPANS)[number];

/** As the buttons have them. */
export const SPAN_WORDS: Record<Span, string> = { "10m": "10 min", "2h": "2 h", "1d": "A day", "1w": "A week" };
/** As sentences begin with them. */
export const SPAN_NAMES: Record<Span | "1h", string> = {
  "10m": "The last 10 minutes",
  "1h": "The last hour",
  "2h": "The last 2 hours",
  "1d": "The last day",
  "1w": "The last week",
};
const MILLIS: Record<Span | "1h", number> = {
  "10m": 10 * MINUTE,
  "1h": HOUR,
  "2h": 2 * HOUR,
  "1d": DAY,
  "1w": 7 * DAY,
};

export type Fixed = { from: number; to: number };
/** An hour is what pages of one type or actor show; it has no button. */
export type Range = { last: Span | "1h" } | Fixed;

export const USUAL: Range = { last: "10m" };

/** Nothing shorter can be told apart: three steps of a second. */
export const SHORTEST_MS = 3000;
/** Points of a line at most; a wide window has about as many pixels for each. */
const MOST_POINTS = 720;
/** How often the studio keeps a value of the last ten minutes, the last two hours, the last week. */
const KEPT: readonly { age: number; step: number }[] = [
  { age: 10 * MINUTE, step: 1000 },
  { age: 2 * HOUR, step: 10_000 },
  { age: Number.POSITIVE_INFINITY, step: MINUTE },
];
/** Steps that are easily said. */
const STEPS = [
  ...[1, 2, 5, 10, 20, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 6, 12, 24].map((hours) => hours * HOUR),
];

/** What an address says of it. */
export type RangeInAddress = { range?: Span; from?: string; to?: string };

export function isFixed(range: Range): range is Fixed {
  return "from" in range;
}

export function readRange(search: Record<string, unknown>): Range {
  const [from, to] = [readMoment(search.from), readMoment(search.to)];
  if (from !== undefined && to !== undefined && to - from >= SHORTEST_MS) return { from, to };
  const last = SPANS.find((span) => span === search.range);
  return last === undefined ? USUAL : { last };
}

export function printRange(range: Range): RangeInAddress {
  if (isFixed(range)) return { from: printMoment(range.from), to: printMoment(range.to) };
  return range.last === "10m" || range.last === "1h" ? {} : { range: range.last };
}

/** Milliseconds, or RFC 3339. */
function readMoment(value: unknown): number | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const millis = /^\d+$/.test(String(value)) ? Number(value) : Date.parse(String(value));
  return Number.isNaN(millis) || Math.abs(millis) > 8.64e15 ? undefined : millis;
}

function printMoment(millis: number): string {
  return new Date(millis).toISOString().replace(/\.000Z$/, "Z");
}

/** The stretch that is to be asked for, and in how many points. One that moves on ends with the last whole second. */
export function stretchOf(range: Range, now: number): Fixed & { points: number } {
  const end = Math.floor(now / 1000) * 1000;
  const { from, to } = isFixed(range) ? range : { from: end - MILLIS[range.last], to: end };
  return { from, to, points: pointsOf(to - from, end - from) };
}

/** As many as are kept of a stretch that began so long ago, and no more than are seen. The studio's steps begin before it: one more. */
function pointsOf(length: number, ago: number): number {
  const finest = KEPT.find(({ age }) => ago <= age)?.step ?? MINUTE;
  const step = STEPS.find((step) => step >= finest && length / step <= MOST_POINTS);
  return step === undefined ? MOST_POINTS : Math.max(1, Math.ceil(length / step)) + 1;
}

/** Milliseconds after which there is something new to show. */
export function refreshOf(range: Range, now: number): number | false {
  if (!isFixed(range)) return { "10m": 1000, "1h": 10_000, "2h": 10_000, "1d": MINUTE, "1w": MINUTE }[range.last];
  // What has passed changes no more.
  return range.to < now - 10_000 ? false : 5000;
}

export function lengthOf(range: Range): number {
  return isFixed(range) ? range.to - range.from : MILLIS[range.last];
}

/** What two ends of a drag or of a form mean; undefined where that is no stretch of time. */
export function fixedBetween(a: number, b: number): Fixed | undefined {
  const [from, to] = [Math.round(Math.min(a, b) / 1000) * 1000, Math.round(Math.max(a, b) / 1000) * 1000];
  return to - from >= SHORTEST_MS ? { from, to } : undefined;
}

/** A moment as a field for date and time wants it, in the time of this computer: `2025-12-13T14:05:09`. */
export function localMoment(millis: number): string {
  const at = new Date(millis);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
