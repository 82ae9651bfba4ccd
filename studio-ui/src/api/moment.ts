/**
 * The moment that the page shows: now, or one of the recording. All that is asked of actors is asked as of it, here, in one place;
 * whoever shows something need not know of it.
 */

import type { ApiError } from "./client";

/** What is shown: nothing where it is now, else milliseconds since 1970; and why that can't be seen. */
export type Moment = { at: number | undefined; problem: ApiError | undefined };

const NOW: Moment = { at: undefined, problem: undefined };

/** The answers of the studio that say that a moment can't be seen. */
const UNSEEN = new Set([
  "before_recording",
  "after_recording",
  "hole_in_recording",
  "recording_unreadable",
  "nothing_recorded",
]);

/** Whether an answer says that its moment can't be seen. */
export function isUnseen(error: ApiError): boolean {
  return UNSEEN.has(error.code ?? "");
}

/** Reads that can be asked for a moment. */
const READS = [
  /^\/api(\/v1)?\/actors(\/[^/]+(\/(messages|history))?)?$/,
  /^\/api\/(types|history|traffic|rates|tree|map|lints|metrics)$/,
  /^\/api\/journal(\/[^/]+)?$/,
];

let moment = NOW;
const listeners = new Set<() => void>();

export function getMoment(): Moment {
  return moment;
}

export function onMoment(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Shows another moment from now on; false where it is the same. */
export function setMoment(at: number | undefined): boolean {
  if (at === moment.at) return false;
  tell(at === undefined ? NOW : { at, problem: undefined });
  return true;
}

/** An answer was refused; tells those who show the moment where that is why. */
export function refusedAt(path: string, error: ApiError): void {
  if (moment.at === undefined || !isUnseen(error) || !path.includes(`at=${moment.at}`)) return;
  tell({ at: moment.at, problem: error });
}

/** The path of a read as of the moment that is shown, unless it names one itself. */
export function asOfMoment(path: string): string {
  if (moment.at === undefined) return path;
  const [plain = "", query = ""] = path.split("?");
  if (!READS.some((read) => read.test(plain)) || new URLSearchParams(query).has("at")) return path;
  return `${path}${query === "" ? "?" : "&"}at=${moment.at}`;
}

/** Whether what is remembered under a key is of a moment. */
export function isOfMoment([name]: readonly unknown[]): boolean {
  return typeof name === "string" && OF_MOMENT.has(name);
}

const OF_MOMENT = new Set([
  "metrics",
  "actors",
  "carriers",
  "types",
  "traffic",
  "history",
  "rates",
  "tree",
  "map",
  "lints",
  "journal",
  "actor",
  "chain",
  "children",
  "page",
  "found",
]);

function tell(next: Moment): void {
  moment = next;
  for (const listener of [...listeners]) listener();
}
