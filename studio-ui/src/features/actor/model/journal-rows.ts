/** The lines of a journal as they are shown: what is not kept between them has a row, and kinds can be left out. */

import type { JournalLine } from "../../../api/inside";

export type JournalRow = { line: JournalLine } | { dropped: number /** The line above. */; after: number };

/** How severe a logged line is, in the words of `tracing`; undefined where its process does not say. */
export function levelOf({ kind, data }: JournalLine): string | undefined {
  const level = kind === "log" ? data?.level : undefined;
  if (typeof level !== "string" || level === "") return undefined;
  const lower = level.toLowerCase();
  return lower === "warning" ? "warn" : lower;
}

/** What a line is filtered by: its kind, of a logged one with its level. */
export function sortOf(line: JournalLine): string {
  const level = levelOf(line);
  return level === undefined ? line.kind : `${line.kind}:${level}`;
}

export function kindAndLevel(sort: string): { kind: string; level: string | undefined } {
  const [kind = "", ...level] = sort.split(":");
  return { kind, level: level.length === 0 ? undefined : level.join(":") };
}

export type Tally = { sort: string; count: number };

/** How many lines there are of each sort, the most frequent first; those that are wanted also where there is none. */
export function talliesOf(lines: readonly JournalLine[], wanted: readonly string[]): Tally[] {
  const counts = new Map(wanted.map((sort) => [sort, 0]));
  for (const line of lines) counts.set(sortOf(line), (counts.get(sortOf(line)) ?? 0) + 1);
  return [...counts]
    .map(([sort, count]) => ({ sort, count }))
    .sort((a, b) => b.count - a.count || a.sort.localeCompare(b.sort));
}

/** `lines` has the newest first. A hole in their count is a row of its own, whatever is left out around it. */
export function rowsOf(lines: readonly JournalLine[], wanted: readonly string[]): JournalRow[] {
  let above: number | undefined;
  return lines.flatMap((line) => {
    const dropped = above === undefined ? 0 : above - line.seq - 1;
    const rows: JournalRow[] = dropped > 0 ? [{ dropped, after: line.seq + dropped + 1 }] : [];
    above = line.seq;
    if (wanted.length === 0 || wanted.includes(sortOf(line))) rows.push({ line });
    return rows;
  });
}

/** Sorts as an address has them, in one word. */
export function readSorts(text: string | undefined): string[] {
  return [...new Set((text ?? "").split(",").filter(Boolean))];
}
