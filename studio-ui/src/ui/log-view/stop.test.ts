import { expect, it } from "vitest";
import { Rows } from "../../lib/logs/rows";
import { lineFrom } from "./stop";

// Rows: the name of step 0, lines 1 to 3, the name of step 1, lines 4, 5 and 8 to 100; 6 and 7 are folded away.
const rows = new Rows(
  1,
  100,
  [
    { line: 1, step: "0" },
    { line: 4, step: "1" },
  ],
  [{ first: 6, last: 7 }],
);

it("goes from line to line, past the names of steps and what is folded away", () => {
  const way = [
    "ArrowDown",
    "ArrowDown",
    "ArrowDown",
    "ArrowDown",
    "ArrowDown",
    "ArrowUp",
    "ArrowUp",
    "ArrowUp",
    "ArrowUp",
  ];
  let line = 1;
  const passed = way.map((key) => {
    line = lineFrom(rows, line, key) ?? Number.NaN;
    return line;
  });
  expect(passed).toEqual([2, 3, 4, 5, 8, 5, 4, 3, 2]);
});

it("ends at the first and the last line", () => {
  expect(lineFrom(rows, 1, "ArrowUp")).toBe(1);
  expect(lineFrom(rows, 50, "Home")).toBe(1);
  expect(lineFrom(rows, 50, "End")).toBe(100);
  expect(lineFrom(rows, 100, "ArrowDown")).toBe(100);
  expect(lineFrom(rows, 95, "PageDown")).toBe(100);
  expect(lineFrom(rows, 50, "PageUp")).toBe(30);
  expect(lineFrom(rows, 50, "Enter")).toBeUndefined();
});
