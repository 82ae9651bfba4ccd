/** Where the marks of an axis of time are: at round moments of this computer's time. */

import { formatDay } from "./words";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 28].map((count) => count * DAY),
];

export type TimeMark = { at: number; label: string };

/** At most so many marks between two moments, in milliseconds since 1970. */
export function timeMarks(from: number, to: number, most: number): TimeMark[] {
  const step =
    STEPS.find((step) => (to - from) / step <= Math.max(1, most)) ?? DAY * Math.ceil((to - from) / DAY / most);
  const marks: TimeMark[] = [];
  for (let local = Math.ceil(toLocal(from) / step) * step; marks.length <= most + 1; local += step) {
    const at = fromLocal(local);
    if (at > to) break;
    if (at >= from) marks.push({ at, label: labelOf(at, step) });
  }
  return marks;
}

function labelOf(at: number, step: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
  if (step >= DAY || (isMidnight && step >= MINUTE)) return formatDay(at);
  const minute = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return step >= MINUTE ? minute : `${minute}:${two(date.getSeconds())}`;
}

/** Milliseconds as a clock on the wall counts them. */
function toLocal(at: number): number {
  return at - new Date(at).getTimezoneOffset() * MINUTE;
}

function fromLocal(local: number): number {
  const guess = local + new Date(local).getTimezoneOffset() * MINUTE;
  // Around a change of the clocks the offset is that of the moment, not of the guess.
  return local + new Date(guess).getTimezoneOffset() * MINUTE;
}
