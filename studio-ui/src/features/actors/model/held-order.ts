/** Rows that do not move under the pointer, although what they are sorted by changes all the time. */

import type { ActorRecord } from "../../../api/types";
import { type Sort, sortKey } from "./search";

/** Rows by their place in the list, as far as they are known. */
export type Rows = ReadonlyMap<number, ActorRecord>;

/** Whether rows sorted so would change places by themselves. */
export function moves(sort: Sort): boolean {
  return ["rate", "messages", "queue", "wait", "heartbeat", "status"].includes(sortKey(sort));
}

/** How far from what is told, in places, rows are held: who scrolls through 100,000 of them does not take them all along. */
const HELD_AROUND = 500;

/**
 * Held rows, with those in places that nobody had seen before, and without those that lie far away by now; the same where no place
 * is new.
 */
export function heldWith(held: Rows, rows: Rows): Rows {
  const fresh = [...rows].filter(([place]) => !held.has(place));
  if (fresh.length === 0) return held;
  const places = [...rows.keys()];
  const [first, last] = [Math.min(...places) - HELD_AROUND, Math.max(...places) + HELD_AROUND];
  const near = [...held].filter(([place]) => place >= first && place <= last);
  return new Map([...near, ...fresh]);
}

/** What stands in the held places now; who is in sight no more stays as it was last. */
export function newestOf(held: Rows, rows: Rows): Rows {
  const newest = new Map([...rows.values()].map((row) => [row.id, row]));
  return new Map([...held].map(([place, row]) => [place, newest.get(row.id) ?? row]));
}
