import { expect, test } from "vitest";
import type { ActorRecord } from "../../../api/types";
import { reachOf, readPages } from "./pages";

const actor = (id: string): ActorRecord => ({ id, type: "T" }) as ActorRecord;

test("pages are one list from its start, in which nobody is twice", () => {
  expect(readPages(undefined)).toMatchObject({ loaded: false, total: 0, rows: [] });
  const shown = readPages([
    { items: [actor("a"), actor("b")], next: "b", total: 3 },
    { items: [actor("b"), actor("c")], next: null, total: 3 },
  ]);
  expect(shown).toMatchObject({ loaded: true, total: 3, from: 0 });
  expect(shown.rows.map(({ id }) => id)).toEqual(["a", "b", "c"]);
});

test("one can go some rows beyond what was read, and not beyond the end", () => {
  expect(reachOf(200, 1000, true)).toBe(250);
  expect(reachOf(200, 210, true)).toBe(210);
  expect(reachOf(200, 1000, false)).toBe(200);
});
