import { expect, it } from "vitest";
import { inOrderOf, moves } from "./held-order";

function row(id: string, messageCount = 0) {
  return { id, type: "T", messageCount };
}

it("keeps the places, takes the news, drops who is gone, and puts who came last", () => {
  const rows = [row("new", 9), row("b", 5), row("a", 1)];
  expect(inOrderOf(["a", "gone", "b"], rows)).toEqual([row("a", 1), row("b", 5), row("new", 9)]);
});

it("holds only what would move by itself", () => {
  expect(moves("-messages")).toBe(true);
  expect(moves("id")).toBe(false);
});
