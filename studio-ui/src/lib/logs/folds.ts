/** Which groups of a log are folded. A group is folded as soon as its end is known, unless that would take a line away. */

import type { Group } from "./outline";

export type Range = { first: number; last: number };

export type Reader = {
  /** The lines that the address points at. */
  marked: Range | undefined;
  /** The line at the top of the screen, of somebody who reads there. */
  reading: number | undefined;
};

export class Folds {
  readonly #open = new Map<number, boolean>();

  /** Decides once for each group that has ended. */
  settle(groups: readonly Group[], { marked, reading }: Reader): void {
    for (const group of groups) {
      if (group.end === undefined || this.#open.has(group.line)) continue;
      this.#open.set(group.line, group.failed || holdsEnd(group, marked) || isInside(group, reading));
    }
  }

  /** Opens the groups in which a range begins and ends; one that is wholly in it is marked by the line that names it. */
  reveal(groups: readonly Group[], range: Range): void {
    for (const group of groups) if (holdsEnd(group, range)) this.#open.set(group.line, true);
  }

  toggle(line: number): void {
    this.#open.set(line, !this.isOpen(line));
  }

  isOpen(line: number): boolean {
    return this.#open.get(line) ?? true;
  }

  /** The lines that are not shown: what is folded, and markers that only end a group. */
  hidden(groups: readonly Group[]): Range[] {
    return groups.flatMap(({ line, end, closed }) => {
      if (end === undefined || end === line) return [];
      if (!this.isOpen(line)) return [{ first: line + 1, last: end }];
      return closed ? [{ first: end, last: end }] : [];
    });
  }
}

function holdsEnd(group: Group, range: Range | undefined): boolean {
  return isInside(group, range?.first) || isInside(group, range?.last);
}

function isInside(group: Group, line: number | undefined): boolean {
  return line !== undefined && group.end !== undefined && line > group.line && line <= group.end;
}
