/** Where the keyboard goes among the lines of a log. */

import type { Rows } from "../../lib/logs/rows";

const PAGE = 20;

/** The line that a key leads to from this one; undefined for keys that lead nowhere. What is folded away is passed over. */
export function lineFrom(rows: Rows, line: number, key: string): number | undefined {
  const here = rows.rowOfLine(line);
  const to = {
    ArrowDown: here + 1,
    ArrowUp: here - 1,
    PageDown: here + PAGE,
    PageUp: here - PAGE,
    Home: 0,
    End: rows.count - 1,
  }[key];
  if (to === undefined) return undefined;
  const row = Math.min(Math.max(to, 0), rows.count - 1);
  const { kind, line: found } = rows.at(row);
  // The name of a step stands above its first line: going down that is the next one, going up the one above it is.
  return kind === "section" && row < here && row > 0 ? rows.at(row - 1).line : found;
}
