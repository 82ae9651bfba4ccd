import { describe, expect, it } from "vitest";
import type { LogLine } from "../../api/types";
import { Rows } from "./rows";
import { sections } from "./sections";

function line(number: number, step?: number): LogLine {
  return { line: number, stream: "stdout", message: "", ...(step !== undefined && { step }) };
}

describe("sections", () => {
  it("begins a section where the step changes, and lets notes belong to the step around them", () => {
    const lines = [line(1), line(2, 0), line(3), line(4, 0), line(5, 1), line(6)];
    expect(sections(new Map([[0, lines]]))).toEqual([
      { line: 2, step: 0 },
      { line: 5, step: 1 },
    ]);
  });

  it("does not guess after a hole, but sees the next change", () => {
    const chunks = new Map([
      [0, [line(1, 0)]],
      [4, [line(2001, 3), line(2002, 4)]],
    ]);
    expect(sections(chunks)).toEqual([
      { line: 1, step: 0 },
      { line: 2002, step: 4 },
    ]);
  });

  it("joins neighbouring chunks in whatever order they came", () => {
    const chunks = new Map([
      [1, [line(3, 1)]],
      [0, [line(1, 0), line(2, 0)]],
    ]);
    expect(sections(chunks)).toEqual([
      { line: 1, step: 0 },
      { line: 3, step: 1 },
    ]);
  });
});

describe("Rows", () => {
  const rows = new Rows(1, 6, [
    { line: 2, step: 0 },
    { line: 5, step: 1 },
  ]);

  it("puts a step's name above its first line", () => {
    const all = Array.from({ length: rows.count }, (_, index) => rows.at(index));
    expect(all.map((row) => (row.kind === "line" ? row.line : `step ${row.step}`))).toEqual([
      1,
      "step 0",
      2,
      3,
      4,
      "step 1",
      5,
      6,
    ]);
  });

  it("finds the row of every line, and keeps lines that do not exist inside", () => {
    for (let number = 1; number <= 6; number += 1) {
      expect(rows.at(rows.rowOfLine(number))).toEqual({ kind: "line", line: number });
    }
    expect(rows.rowOfLine(99)).toBe(rows.count - 1);
    expect(rows.rowOfLine(0)).toBe(0);
  });

  it("finds the row of a step, once its start is known", () => {
    expect(rows.rowOfStep(1)).toBe(5);
    expect(rows.rowOfStep(7)).toBeUndefined();
  });

  it("shows the end of a log that is too long, with the steps that begin there", () => {
    const tail = new Rows(101, 103, [
      { line: 50, step: 0 },
      { line: 102, step: 1 },
    ]);
    expect(tail.count).toBe(4);
    expect(tail.at(0)).toEqual({ kind: "line", line: 101 });
    expect(tail.at(1)).toEqual({ kind: "section", line: 102, step: 1 });
    expect(tail.at(3)).toEqual({ kind: "line", line: 103 });
  });

  it("is empty for an empty log", () => {
    expect(new Rows(1, 0, []).count).toBe(0);
  });
});
