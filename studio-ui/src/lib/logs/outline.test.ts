import { describe, expect, it } from "vitest";
import type { LogLine } from "../../api/types";
import { outline } from "./outline";

function line(number: number, step?: string, message = ""): LogLine {
  return { line: number, stream: "stdout", message, ...(step !== undefined && { step }) };
}

/** A log of one step. */
function log(...messages: string[]) {
  return new Map([[0, messages.map((message, index) => line(index + 1, "0", message))]]);
}

describe("sections", () => {
  it("begin where the step changes, and notes belong to the step around them", () => {
    const lines = [line(1), line(2, "0"), line(3), line(4, "0"), line(5, "1.0"), line(6)];
    expect(outline(new Map([[0, lines]])).sections).toEqual([
      { line: 2, step: "0" },
      { line: 5, step: "1.0" },
    ]);
  });

  it("are not guessed after a hole, but the next change is seen", () => {
    const chunks = new Map([
      [0, [line(1, "0")]],
      [4, [line(2001, "3"), line(2002, "4")]],
    ]);
    expect(outline(chunks).sections).toEqual([
      { line: 1, step: "0" },
      { line: 2002, step: "4" },
    ]);
  });

  it("join neighbouring chunks in whatever order they came", () => {
    const chunks = new Map([
      [1, [line(3, "1")]],
      [0, [line(1, "0"), line(2, "0")]],
    ]);
    expect(outline(chunks).sections).toEqual([
      { line: 1, step: "0" },
      { line: 3, step: "1" },
    ]);
  });
});

describe("groups", () => {
  const ends = (chunks: ReadonlyMap<number, readonly LogLine[]>, last?: number) =>
    outline(chunks, last).groups.map(({ line: first, end }) => [first, end]);

  it("end by their marker, and where another begins", () => {
    expect(
      ends(log("##[group]a", "1", "##[endgroup]", "2", "##[group]b", "3", "##[group]c", "4", "##[endgroup]")),
    ).toEqual([
      [1, 3],
      [5, 6],
      [7, 9],
    ]);
    expect(outline(log("##[group]a", "##[endgroup]", "##[group]b", "##[group]c")).groups.map((g) => g.closed)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("end with their step, and with the log once nothing is added to it", () => {
    const lines = [line(1, "0", "##[group]a"), line(2, "0"), line(3), line(4, "1", "##[group]b"), line(5, "1")];
    const chunks = new Map([[0, lines]]);
    expect(ends(chunks)).toEqual([
      [1, 3],
      [4, undefined],
    ]);
    expect(ends(chunks, 5)).toEqual([
      [1, 3],
      [4, 5],
    ]);
    expect(ends(chunks, 7)[1]).toEqual([4, undefined]);
  });

  it("have no known end behind a hole", () => {
    const chunks = new Map([
      [0, [line(1, "0", "##[group]a")]],
      [4, [line(2001, "0", "##[endgroup]")]],
    ]);
    expect(ends(chunks)).toEqual([[1, undefined]]);
  });

  it("remember an error in them, and a marker only at the start of a line", () => {
    const { groups } = outline(log("##[group]a", "##[error]no", "##[endgroup]", "x ##[group]b", "##[endgroup]"));
    expect(groups).toEqual([{ line: 1, end: 3, closed: true, failed: true }]);
  });
});
