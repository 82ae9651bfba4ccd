/** The text in the editor: its lines, places in it, and where a job stands. */

/** As a text field keeps it: lines end with a line feed, nothing stands before the first. */
export function normal(text: string): string {
  return text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
}

/** As the file had it: with its own ends of lines. */
export function asIn(file: string, text: string): string {
  return file.includes("\r\n") ? text.replaceAll("\n", "\r\n") : text;
}

export function linesOf(text: string): string[] {
  return text.split("\n");
}

/** Where a place is in the text, as text fields count (UTF-16); places beyond a line or the text mean its end. */
export function offsetOf(text: string, line: number, column: number): number {
  const lines = linesOf(text);
  const before = lines.slice(0, Math.max(0, line - 1)).reduce((sum, one) => sum + one.length + 1, 0);
  const own = lines[line - 1];
  return own === undefined ? text.length : before + unitsBefore(own, column);
}

/** The units of a line before a column, which counts characters from 1. */
export function unitsBefore(line: string, column: number): number {
  return [...line].slice(0, Math.max(0, column - 1)).join("").length;
}

/** The line, from 1, that an offset is in. */
export function lineAt(text: string, offset: number): number {
  return linesOf(text.slice(0, offset)).length;
}

/** The spaces before the text of the line that the caret is in, as far as it. */
export function indentAt(text: string, caret: number): string {
  const start = text.lastIndexOf("\n", caret - 1) + 1;
  return /^ */.exec(text.slice(start, caret))?.[0] ?? "";
}

/** The line of a job's key: the first of its name below `jobs:` that is not deeper than its siblings. */
export function lineOfJob(text: string, job: string): number | undefined {
  const lines = linesOf(text);
  const jobs = lines.findIndex((line) => /^(jobs|"jobs"|'jobs')\s*:/.test(line));
  if (jobs < 0) return undefined;
  let depth: number | undefined;
  for (const [index, line] of lines.entries()) {
    const key = /^( *)(?:"([^"]*)"|'([^']*)'|([^\s#"'][^:]*?))\s*:/.exec(line);
    if (index <= jobs || key === null) continue;
    const indent = key[1]?.length ?? 0;
    if (indent === 0) return undefined;
    depth ??= indent;
    if (indent === depth && (key[2] ?? key[3] ?? key[4]) === job) return index + 1;
  }
  return undefined;
}
