import { expect, it } from "vitest";
import { heldWith, moves, newestOf, type Rows } from "./held-order";

function row(id: string, messageCount = 0) {
  return { id, type: "T", messageCount };
}

it("keeps the places, takes the news, and leaves who went out of sight as it was", () => {
  const held = new Map([
    [0, row("a", 9)],
    [1, row("b", 5)],
    [2, row("left", 4)],
  ]);
  const rows = new Map([
    [0, row("b", 20)],
    [1, row("a", 10)],
    [2, row("new", 7)],
    [3, row("c", 1)],
  ]);
  const all = heldWith(held, rows);
  expect([...newestOf(all, rows)]).toEqual([
    [0, row("a", 10)],
    [1, row("b", 20)],
    [2, row("left", 4)],
    [3, row("c", 1)],
  ]);
  expect(heldWith(all, rows)).toBe(all);
});

it("lets go of places that are far away from what is told", () => {
  let held: Rows = new Map();
  for (let from = 0; from <= 100_000; from += 100) {
    held = heldWith(held, new Map(Array.from({ length: 100 }, (_, index) => [from + index, row(`${from + index}`)])));
    expect(held.size).toBeLessThanOrEqual(1100);
  }
  expect(held.has(100_000)).toBe(true);
  expect(held.has(99_800)).toBe(true);
  expect(held.has(0)).toBe(false);
});

it("holds only what would move by itself", () => {
  expect(moves("-messages")).toBe(true);
  expect(moves("id")).toBe(false);
});
