/** What is drawn below the text: the lines with findings, and which part of them. */

import type { Finding } from "../../../api/types";
import { linesOf, unitsBefore } from "./text";

export type Severity = "error" | "warning";

/** A line with its worst severity; the parts are in order and do not overlap. */
export type MarkedLine = { line: number; text: string; severity: Severity; parts: MarkedPart[] };

export type MarkedPart = { text: string; severity?: Severity };

/** Lines that are marked at most; the list has all findings. */
const MOST = 500;

/**
 * The marks of what was found in a text, on the text as it is by now: a line that was changed since has none until the next
 * answer.
 */
export function marksOf(file: string, findings: readonly Finding[], checked: string, now: string): MarkedLine[] {
  const then = linesOf(checked);
  const lines = linesOf(now);
  const byLine = new Map<number, Finding[]>();
  for (const finding of findings) {
    const { line } = finding;
    if (finding.file !== file || !line || then[line - 1] !== lines[line - 1] || lines[line - 1] === undefined) continue;
    const known = byLine.get(line);
    if (known) known.push(finding);
    else if (byLine.size < MOST) byLine.set(line, [finding]);
  }
  return [...byLine].map(([line, found]) => marked(line, lines[line - 1] ?? "", found));
}

function marked(line: number, text: string, findings: readonly Finding[]): MarkedLine {
  const severities: (Severity | undefined)[] = Array.from({ length: text.length });
  for (const finding of findings) {
    const start = unitsBefore(text, finding.column ?? 1);
    const same = finding.end_line === line && typeof finding.end_column === "number";
    const end = same ? unitsBefore(text, finding.end_column ?? 1) : text.trimEnd().length;
    // What has no width is shown by the character at its place.
    for (let at = start; at < Math.max(end, start + 1) && at < text.length; at += 1) {
      if (severities[at] !== "error") severities[at] = severityOf(finding);
    }
  }
  const parts: MarkedPart[] = [];
  for (const [at, severity] of severities.entries()) {
    const last = parts.at(-1);
    const unit = text[at] ?? "";
    if (last && last.severity === severity) last.text += unit;
    else parts.push({ text: unit, ...(severity && { severity }) });
  }
  const severity = findings.some((finding) => severityOf(finding) === "error") ? "error" : "warning";
  return { line, text, severity, parts };
}

export function severityOf(finding: Pick<Finding, "severity">): Severity {
  return finding.severity === "error" ? "error" : "warning";
}

/** In the order of the text; what another file is about stays behind the finding that it explains. */
export function inOrder(file: string, findings: readonly Finding[]): Finding[] {
  const groups: Finding[][] = [];
  for (const finding of findings) {
    const last = groups.at(-1);
    if (finding.file !== file && last) last.push(finding);
    else groups.push([finding]);
  }
  const key = ([first]: Finding[]) => [first?.line ?? 0, first?.column ?? 0] as const;
  const sorted = groups.sort((a, b) => key(a)[0] - key(b)[0] || key(a)[1] - key(b)[1]);
  return sorted.flat();
}
