/** Where steps and groups of lines begin in the held part of a log. Loom's own notes belong to the step around them. */

import type { LogLine } from "../../api/types";
import { markerOf } from "./markers";

export type Section = { /** Number of the step's first line. */ line: number; step: string };

export type Group = {
  /** Number of the line that names it. */
  line: number;
  /** Its last line; undefined while that is not known. */
  end: number | undefined;
  /** Whether its last line says no more than that it ends. */
  closed: boolean;
  /** Whether an error is told in it. */
  failed: boolean;
};

export type Outline = { sections: readonly Section[]; groups: readonly Group[] };

/**
 * A step's first line is known only where the line before it is held too, or is the log's first. A group ends by its
 * marker, where another begins, with its step, or with the log (`last`, once nothing will be added).
 */
export function outline(chunks: ReadonlyMap<number, readonly LogLine[]>, last?: number): Outline {
  const sections: Section[] = [];
  const groups: Group[] = [];
  let group: Group | undefined;
  let expected = 1;
  /** The step of the line before; unsure after a hole. */
  let step: string | undefined;
  let sure = true;
  const end = (line: number) => {
    if (group) group.end = line;
    group = undefined;
  };
  for (const [, lines] of [...chunks].sort(([a], [b]) => a - b)) {
    for (const line of lines) {
      if (line.line !== expected) {
        sure = false;
        group = undefined;
      }
      expected = line.line + 1;
      if (line.step !== undefined) {
        if (line.step !== step || !sure) {
          end(line.line - 1);
          if (sure) sections.push({ line: line.line, step: line.step });
        }
        step = line.step;
        sure = true;
      }
      const marker = markerOf(line.message);
      if (marker === "group") {
        end(line.line - 1);
        group = { line: line.line, end: undefined, closed: false, failed: false };
        groups.push(group);
      } else if (marker === "endgroup" && group) {
        group.closed = true;
        end(line.line);
      } else if (marker === "error" && group) group.failed = true;
    }
  }
  if (expected - 1 === last) end(last);
  return { sections, groups };
}
