import { expect, it } from "vitest";
import { diffLines, MOST_LINES } from "./diff";

function told(now: unknown, before?: unknown) {
  const lines = diffLines(now, before === undefined ? undefined : { value: before });
  return lines.map(({ path, change, text, before }) =>
    [path, change, text, before].filter((part) => part !== undefined),
  );
}

it("is all the same where there was nothing before", () => {
  expect(told({ n: 1, list: ["a"], none: {} })).toEqual([
    ["", "same", "{3}"],
    ["n", "same", "1"],
    ["list", "same", "[1]"],
    ["list[0]", "same", '"a"'],
    ["none", "same", "{}"],
  ]);
});

it("tells what was added, removed and changed, and where", () => {
  expect(
    told({ n: 2, list: ["a", "b"], deep: { x: null } }, { n: 1, list: ["a"], gone: { y: 1 }, deep: { x: 1 } }),
  ).toEqual([
    ["", "same", "{3}"],
    ["n", "changed", "2", "1"],
    ["list", "same", "[2]"],
    ["list[0]", "same", '"a"'],
    ["list[1]", "added", '"b"'],
    ["deep", "same", "{1}"],
    ["deep.x", "changed", "null", "1"],
    ["gone", "removed", "{1}"],
    ["gone.y", "removed", "1"],
  ]);
});

it("tells when one kind of thing became another", () => {
  expect(told({ v: [1] }, { v: "text" })).toEqual([
    ["", "same", "{1}"],
    ["v", "changed", "[1]", '"text"'],
    ["v[0]", "added", "1"],
  ]);
});

it("holds no more lines than a page shows", () => {
  expect(diffLines(Array.from({ length: 5000 }, (_, index) => index))).toHaveLength(MOST_LINES);
});
