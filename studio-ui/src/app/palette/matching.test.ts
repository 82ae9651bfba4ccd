import { expect, it } from "vitest";
import { type Found, matching } from "./matching";

const things: Found[] = [
  { key: "1", kind: "page", title: "Runs" },
  { key: "2", kind: "page", title: "Overview" },
  { key: "3", kind: "run", title: "diamond", hint: "failure 01ab" },
  { key: "4", kind: "run", title: "remondamo", hint: "success 02cd" },
  { key: "5", kind: "run", title: "a mond", hint: "success 03ef" },
  { key: "6", kind: "actor", title: "cart-7", hint: "by its metadata", given: true },
];

const keys = (typed: string) => matching(things, typed).map(({ key }) => key);

it("all fit before a word is typed", () => {
  expect(keys("  ")).toEqual(["1", "2", "3", "4", "5", "6"]);
});

it("every word has to occur, in title or hint, whatever its case", () => {
  expect(keys("DIAMOND fail")).toEqual(["3", "6"]);
  expect(keys("zzz")).toEqual(["6"]);
});

it("begins of titles come first, then begins of words, within a kind", () => {
  expect(keys("mond").slice(0, 3)).toEqual(["5", "3", "4"]);
});

it("no kind fills the list alone", () => {
  const many = Array.from({ length: 50 }, (_, at) => ({ key: `${at}`, kind: "run", title: `run ${at}` }));
  expect(matching([...many, { key: "x", kind: "page", title: "Runs" }], "run")).toHaveLength(7);
});
