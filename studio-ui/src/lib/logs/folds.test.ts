import { describe, expect, it } from "vitest";
import { Folds } from "./folds";
import type { Group } from "./outline";

function group(line: number, end: number | undefined, more: Partial<Group> = {}): Group {
  return { line, end, closed: end !== undefined, failed: false, ...more };
}

const NOBODY = { marked: undefined, reading: undefined };

describe("Folds", () => {
  it("folds what has ended, and leaves what goes on", () => {
    const folds = new Folds();
    const groups = [group(1, 4), group(6, undefined)];
    folds.settle(groups, NOBODY);
    expect(folds.isOpen(1)).toBe(false);
    expect(folds.isOpen(6)).toBe(true);
    expect(folds.hidden(groups)).toEqual([{ first: 2, last: 4 }]);
    const later = [group(1, 4), group(6, 9)];
    folds.settle(later, NOBODY);
    expect(folds.hidden(later)).toEqual([
      { first: 2, last: 4 },
      { first: 7, last: 9 },
    ]);
  });

  it("takes no line away that is pointed at, read, or tells an error", () => {
    const groups = [group(1, 4), group(5, 8), group(9, 12, { failed: true }), group(13, 16)];
    const folds = new Folds();
    folds.settle(groups, { marked: { first: 2, last: 2 }, reading: 7 });
    expect(groups.map(({ line }) => folds.isOpen(line))).toEqual([true, true, true, false]);
    // Of an open one only the marker that ends it is not shown.
    expect(folds.hidden(groups.slice(0, 1))).toEqual([{ first: 4, last: 4 }]);
  });

  it("leaves what the reader did as it is, and opens for a line that is pointed at later", () => {
    const folds = new Folds();
    const groups = [group(1, 4), group(5, 8)];
    folds.settle(groups, NOBODY);
    folds.toggle(1);
    folds.settle(groups, NOBODY);
    expect(folds.isOpen(1)).toBe(true);
    folds.reveal(groups, { first: 6, last: 6 });
    expect(folds.isOpen(5)).toBe(true);
    // The line that names it is there either way.
    folds.toggle(5);
    folds.reveal(groups, { first: 5, last: 5 });
    expect(folds.isOpen(5)).toBe(false);
  });

  it("opens where a range begins and ends, and leaves what is wholly in it", () => {
    const groups = [group(1, 4), group(5, 8), group(9, 12)];
    const folds = new Folds();
    folds.settle(groups, { marked: { first: 3, last: 10 }, reading: undefined });
    expect(groups.map(({ line }) => folds.isOpen(line))).toEqual([true, false, true]);
  });

  it("hides nothing of a group without lines", () => {
    const folds = new Folds();
    const groups = [group(3, 3, { closed: false })];
    folds.settle(groups, NOBODY);
    expect(folds.hidden(groups)).toEqual([]);
  });
});
