import { describe, expect, it } from "vitest";
import { Rows } from "./rows";

describe("Rows", () => {
  const rows = new Rows(1, 6, [
    { line: 2, step: "0" },
    { line: 5, step: "1" },
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
    expect(rows.rowOfStep((step) => step === "1")).toBe(5);
    expect(rows.rowOfStep((step) => step === "7")).toBeUndefined();
  });

  it("shows the end of a log that is too long, with the steps that begin there", () => {
    const tail = new Rows(101, 103, [
      { line: 50, step: "0" },
      { line: 102, step: "1" },
    ]);
    expect(tail.count).toBe(4);
    expect(tail.at(0)).toEqual({ kind: "line", line: 101 });
    expect(tail.at(1)).toEqual({ kind: "section", line: 102, step: "1" });
    expect(tail.at(3)).toEqual({ kind: "line", line: 103 });
  });

  it("is empty for an empty log", () => {
    expect(new Rows(1, 0, []).count).toBe(0);
  });

  it("leaves out what is folded away, and leads to the row above it", () => {
    const folded = new Rows(
      1,
      9,
      [{ line: 6, step: "1" }],
      [
        { first: 3, last: 5 },
        { first: 8, last: 9 },
      ],
    );
    const all = Array.from({ length: folded.count }, (_, index) => folded.at(index));
    expect(all.map((row) => (row.kind === "line" ? row.line : `step ${row.step}`))).toEqual([1, 2, "step 1", 6, 7]);
    expect(folded.rowOfLine(4)).toBe(1);
    expect(folded.rowOfLine(6)).toBe(3);
    expect(folded.rowOfLine(9)).toBe(4);
    for (const line of [1, 2, 6, 7]) expect(folded.at(folded.rowOfLine(line))).toEqual({ kind: "line", line });
  });

  it("shows the end of a log whose first lines are folded away", () => {
    const folded = new Rows(5, 8, [], [{ first: 2, last: 6 }]);
    expect(Array.from({ length: folded.count }, (_, index) => folded.at(index).line)).toEqual([7, 8]);
    expect(folded.rowOfLine(5)).toBe(0);
  });
});
