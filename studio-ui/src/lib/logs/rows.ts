/**
 * A log as rows of one height: each line that is not folded away is a row, and each step's first line has a row with the
 * step's name above it.
 */

import type { Range } from "./folds";
import type { Section } from "./outline";

export type Row = { kind: "line"; line: number } | { kind: "section"; line: number; step: string };

/** Rows that follow each other: so many lines, or the one row with a step's name. */
type Span = { row: number; line: number; count: number; step?: string };

export class Rows {
  readonly count: number;
  readonly #first: number;
  readonly #last: number;
  readonly #spans: readonly Span[];

  /** Lines `first` to `last` but those that are hidden, and the sections that begin among them. */
  constructor(first: number, last: number, sections: readonly Section[], hidden: readonly Range[] = []) {
    this.#first = first;
    this.#last = Math.max(last, first - 1);
    const spans: Span[] = [];
    let row = 0;
    let next = first;
    const linesUntil = (line: number) => {
      if (line > next) spans.push({ row, line: next, count: line - next });
      row += Math.max(0, line - next);
      next = Math.max(next, line);
    };
    for (const edge of edges(sections, hidden)) {
      if (edge.line > this.#last) break;
      if (edge.step === undefined) {
        linesUntil(Math.max(edge.line, first));
        next = Math.max(next, edge.last + 1);
      } else if (edge.line >= first) {
        linesUntil(edge.line);
        spans.push({ row, line: edge.line, count: 1, step: edge.step });
        row += 1;
      }
    }
    linesUntil(this.#last + 1);
    this.#spans = spans;
    this.count = row;
  }

  at(index: number): Row {
    const span = this.#lastSpan((candidate) => candidate.row <= index);
    if (span === undefined) return { kind: "line", line: this.#first };
    if (span.step !== undefined) return { kind: "section", line: span.line, step: span.step };
    return { kind: "line", line: span.line + Math.min(index - span.row, span.count - 1) };
  }

  /** The row of a line; of one that is folded away, the row above the fold. */
  rowOfLine(line: number): number {
    const inside = Math.min(Math.max(line, this.#first), Math.max(this.#last, this.#first));
    const span = this.#lastSpan((candidate) => candidate.line <= inside);
    if (span === undefined) return 0;
    return span.row + Math.min(inside - span.line, span.count - 1);
  }

  /** The name of the first of some steps, once its start is known. */
  rowOfStep(isIt: (step: string) => boolean): number | undefined {
    return this.#spans.find((span) => span.step !== undefined && isIt(span.step))?.row;
  }

  /** The last span that satisfies a condition that, once false, stays false. */
  #lastSpan(holds: (span: Span) => boolean): Span | undefined {
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const span = this.#spans[middle];
      if (span !== undefined && holds(span)) low = middle + 1;
      else high = middle;
    }
    return this.#spans[low - 1];
  }
}

type Edge = { line: number; step: string } | { line: number; step: undefined; last: number };

/** Sections and hidden lines in the order of the log, a section before what is hidden from the same line on. */
function edges(sections: readonly Section[], hidden: readonly Range[]): Edge[] {
  const all: Edge[] = [...sections, ...hidden.map(({ first, last }) => ({ line: first, step: undefined, last }))];
  return all.sort((a, b) => a.line - b.line || Number(a.step === undefined) - Number(b.step === undefined));
}
