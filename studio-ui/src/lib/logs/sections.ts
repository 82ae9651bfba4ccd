/** Where steps begin in the held part of a log. Loom's own notes belong to the step around them. */

import type { LogLine } from "../../api/types";

export type Section = { /** Number of the step's first line. */ line: number; step: number };

/** A step's first line is known only where the line before it is held too, or is the log's first. */
export function sections(chunks: ReadonlyMap<number, readonly LogLine[]>): Section[] {
  const found: Section[] = [];
  let expected = 1;
  let step: number | "none" | "unknown" = "none";
  for (const [, lines] of [...chunks].sort(([a], [b]) => a - b)) {
    for (const line of lines) {
      if (line.line !== expected) step = "unknown";
      expected = line.line + 1;
      if (line.step === undefined) continue;
      if (line.step !== step && step !== "unknown") found.push({ line: line.line, step: line.step });
      step = line.step;
    }
  }
  return found;
}
