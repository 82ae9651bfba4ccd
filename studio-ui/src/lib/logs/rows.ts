/** A log as rows of one height: each line is a row, and each step's first line has a row with the step's name above it. */

import type { Section } from "./sections";

export type Row = { kind: "line"; line: number } | { kind: "section"; line: number; step: number };

export class Rows {
  readonly count: number;
  readonly #first: number;
  readonly #last: number;
  readonly #sections: readonly Section[];

  /** Lines `first` to `last`, and the sections that begin among them. */
  constructor(first: number, last: number, sections: readonly Section[]) {
    this.#first = first;
    this.#last = Math.max(last, first - 1);
    this.#sections = sections.filter((section) => section.line >= first && section.line <= last);
    this.count = this.#last - first + 1 + this.#sections.length;
  }

  at(index: number): Row {
    const above = this.#sectionsWhere((section, position) => this.#rowOfSection(section, position) <= index);
    const section = this.#sections[above - 1];
    if (section !== undefined && this.#rowOfSection(section, above - 1) === index) {
      return { kind: "section", line: section.line, step: section.step };
    }
    return { kind: "line", line: this.#first + index - above };
  }

  rowOfLine(line: number): number {
    const inside = Math.min(Math.max(line, this.#first), Math.max(this.#last, this.#first));
    return inside - this.#first + this.#sectionsWhere((section) => section.line <= inside);
  }

  rowOfStep(step: number): number | undefined {
    const position = this.#sections.findIndex((section) => section.step === step);
    const section = this.#sections[position];
    return section === undefined ? undefined : this.#rowOfSection(section, position);
  }

  #rowOfSection(section: Section, position: number): number {
    return section.line - this.#first + position;
  }

  /** How many sections from the front satisfy a condition that, once false, stays false. */
  #sectionsWhere(holds: (section: Section, position: number) => boolean): number {
    let low = 0;
    let high = this.#sections.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const section = this.#sections[middle];
      if (section !== undefined && holds(section, middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
