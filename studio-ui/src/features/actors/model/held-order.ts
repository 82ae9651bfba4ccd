/** Rows that do not move under the pointer, although what they are sorted by changes all the time. */

import type { ActorRecord } from "../../../api/types";
import { type Sort, sortKey } from "./search";

/** Rows by their place in the list, as far as they are known. */
export type Rows = ReadonlyMap<number, ActorRecord>;

/** Whether rows sorted so would change places by themselves. */
export function moves(sort: Sort): boolean {
  return ["rate", "messages", "queue", "wait", "heartbeat", "status"].includes(sortKey(sort));
}

/** Held rows, with those in places that nobody had seen before; the same where there are none. */
export function heldWith(held: Rows, rows: Rows): Rows {
  const fresh = [...rows].filter(([place]) => !held.has(place));
  return fresh.length === 0 ? held : new Map([...held, ...fresh]);
}

/** What stands in the held places now; who is in sight no more stays as it was last. */
export function newestOf(held: Rows, rows: Rows): Rows {
  const newest = new Map([...rows.values()].map((row) => [row.id, row]));
  return new Map([...held].map(([place, row]) => [place, newest.get(row.id) ?? row]));
}
