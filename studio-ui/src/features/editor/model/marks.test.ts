import { describe, expect, it } from "vitest";
import type { Finding } from "../../../api/types";
import { inOrder, marksOf } from "./marks";

const FILE = ".loom.yml";

function finding(
  line: number | null,
  column: number,
  end: [number, number] | null,
  more: Partial<Finding> = {},
): Finding {
  const [end_line, end_column] = end ?? [null, null];
  return { severity: "error", code: "x/y", message: "m", file: FILE, line, column, end_line, end_column, ...more };
}

describe("marks", () => {
  const TEXT = "jobs:\n  a: {stepz: 😀}\n";

  it("are on the part of the line that is meant", () => {
    expect(marksOf(FILE, [finding(2, 7, [2, 12])], TEXT, TEXT)).toEqual([
      {
        line: 2,
        text: "  a: {stepz: 😀}",
        severity: "error",
        parts: [{ text: "  a: {" }, { text: "stepz", severity: "error" }, { text: ": 😀}" }],
      },
    ]);
  });

  it("end with the line, and what has no width shows a character", () => {
    const [long] = marksOf(FILE, [finding(1, 1, [2, 5])], TEXT, TEXT);
    expect(long?.parts).toEqual([{ text: "jobs:", severity: "error" }]);
    const [thin] = marksOf(FILE, [finding(1, 2, [1, 2])], TEXT, TEXT);
    expect(thin?.parts.map((part) => part.text)).toEqual(["j", "o", "bs:"]);
  });

  it("show the worst where two meet", () => {
    const warning = finding(2, 3, [2, 9], { severity: "warning" });
    const [line] = marksOf(FILE, [finding(2, 7, [2, 12]), warning], TEXT, TEXT);
    expect(line?.severity).toBe("error");
    expect(line?.parts.map(({ text, severity }) => [text, severity])).toEqual([
      ["  ", undefined],
      ["a: {", "warning"],
      ["stepz", "error"],
      [": 😀}", undefined],
    ]);
  });

  it("leave a line that was changed since, what has no place, and other files", () => {
    const changed = TEXT.replace("stepz", "steps");
    expect(marksOf(FILE, [finding(2, 7, [2, 12])], TEXT, changed)).toEqual([]);
    const elsewhere = finding(2, 7, [2, 12], { file: "other.yml" });
    expect(marksOf(FILE, [finding(null, 1, null), elsewhere, finding(9, 1, null)], TEXT, TEXT)).toEqual([]);
  });
});

it("findings are in the order of the text, with what explains them behind", () => {
  const list = [
    finding(5, 1, null, { message: "late" }),
    finding(1, 1, null, { message: "why", file: "other.yml" }),
    finding(2, 3, null, { message: "early" }),
  ];
  expect(inOrder(FILE, list).map((one) => one.message)).toEqual(["early", "late", "why"]);
});
