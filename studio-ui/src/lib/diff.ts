/** A value as lines, and what changed in it since another one. */

import { BigCount, printJson } from "../api/json";

export type Change = "same" | "added" | "removed" | "changed";

export type DiffLine = {
  /** Where it is: `items[0].price`. */
  path: string;
  depth: number;
  /** The last part of the path. */
  name: string;
  /** What stands there; of an object or a list, how much is in it. */
  text: string;
  /** What stood there before, of what changed. */
  before?: string;
  change: Change;
};

/** Lines of one value at most: a page is no place for a dump. */
export const MOST_LINES = 1000;

/** The lines of `now`, with those that only `before` had; all of them are `same` where there was nothing before. */
export function diffLines(now: unknown, before?: { value: unknown }): DiffLine[] {
  const lines: DiffLine[] = [];
  walk(lines, { path: "", name: "", depth: 0 }, { value: now }, before ?? { value: now });
  return lines;
}

type Place = { path: string; name: string; depth: number };
type Held = { value: unknown } | undefined;

function walk(lines: DiffLine[], place: Place, now: Held, before: Held): void {
  if (lines.length >= MOST_LINES) return;
  const held = now ?? before;
  if (held === undefined) return;
  const text = short(held.value);
  const change = changeOf(now, before);
  lines.push({
    ...place,
    text,
    change,
    ...(change === "changed" && before !== undefined && { before: short(before.value) }),
  });
  const parts = partsOf(now?.value);
  const partsBefore = partsOf(before?.value);
  for (const key of new Set([...parts.keys(), ...partsBefore.keys()])) {
    const inner = { path: place.path === "" ? key : key.startsWith("[") ? place.path + key : `${place.path}.${key}` };
    walk(
      lines,
      { ...inner, name: key, depth: place.depth + 1 },
      now && parts.has(key) ? { value: parts.get(key) } : undefined,
      before && partsBefore.has(key) ? { value: partsBefore.get(key) } : undefined,
    );
  }
}

function changeOf(now: Held, before: Held): Change {
  if (before === undefined) return "added";
  if (now === undefined) return "removed";
  const [a, b] = [now.value, before.value];
  // Of what has parts, the parts tell what changed.
  if (hasParts(a) && hasParts(b) && Array.isArray(a) === Array.isArray(b)) return "same";
  return isSame(a, b) ? "same" : "changed";
}

function isSame(a: unknown, b: unknown): boolean {
  return a instanceof BigCount && b instanceof BigCount ? a.text === b.text : Object.is(a, b);
}

function hasParts(value: unknown): value is object {
  return typeof value === "object" && value !== null && !(value instanceof BigCount);
}

function partsOf(value: unknown): Map<string, unknown> {
  if (Array.isArray(value)) return new Map(value.map((part, index) => [`[${index}]`, part]));
  return hasParts(value) ? new Map(Object.entries(value)) : new Map();
}

function short(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `[${value.length}]`;
  if (hasParts(value)) return Object.keys(value).length === 0 ? "{}" : `{${Object.keys(value).length}}`;
  return value === undefined ? "nothing" : printJson(value);
}
