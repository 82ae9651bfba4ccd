/** The lines of a log that an address points at: one, or all from one to another. */

import type { Range } from "./folds";

/** As the address has it: `12`, or `12-30`. */
export type Pointed = number | string;

/** What an address says in the one form it has here; undefined where it names no lines. */
export function readPointed(value: unknown): Pointed | undefined {
  const range = parse(value);
  return range && pointedOf(range);
}

export function rangeOf(pointed: Pointed | undefined): Range | undefined {
  return parse(pointed);
}

export function pointedOf({ first, last }: Range): Pointed {
  return first === last ? first : `${first}-${last}`;
}

/** For those who hear the page. */
export function namedRange({ first, last }: Range): string {
  return first === last ? `line ${first}` : `lines ${first} to ${last}`;
}

export function isWithin(range: Range | undefined, line: number): boolean {
  return range !== undefined && line >= range.first && line <= range.last;
}

/** The lines from the end that stays to the one that was chosen now; without one that stays it is that line alone. */
export function stretched(range: Range | undefined, stays: number | undefined, to: number): Range & { stays: number } {
  const isEnd = range !== undefined && (stays === range.first || stays === range.last);
  const from = (isEnd ? stays : range?.first) ?? to;
  return { first: Math.min(from, to), last: Math.max(from, to), stays: from };
}

function parse(value: unknown): Range | undefined {
  const ends = /^(\d+)(?:-(\d+))?$/.exec(
    typeof value === "number" ? String(value) : typeof value === "string" ? value : "",
  );
  if (!ends) return undefined;
  const one = Number(ends[1]);
  const other = Number(ends[2] ?? one);
  if (!isLine(one) || !isLine(other)) return undefined;
  return { first: Math.min(one, other), last: Math.max(one, other) };
}

function isLine(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
