import { expect, test } from "vitest";
import { pauseAfter } from "./refresh";

test("a list is read again after a while that fits its length and its cost", () => {
  expect(pauseAfter(0, 10)).toBe(3000);
  expect(pauseAfter(10, 5000)).toBe(15_000);
  expect(pauseAfter(1000, 5000)).toBe(20_000);
});

test("one read that took long, because the server stood still or the machine slept, holds up nothing for minutes", () => {
  expect(pauseAfter(40_000, 10)).toBe(60_000);
  expect(pauseAfter(8 * 3_600_000, 10)).toBe(60_000);
});
