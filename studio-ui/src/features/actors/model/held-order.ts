/** Rows that do not move under the pointer, although what they are sorted by changes all the time. */

import type { ActorRecord } from "../../../api/types";
import { type Sort, sortKey } from "./search";

/** Whether rows sorted so would change places by themselves. */
export function moves(sort: Sort): boolean {
  return ["messages", "queue", "heartbeat", "status"].includes(sortKey(sort));
}

/** The rows as they now are, in the order the ids had; those that came since stand last. */
export function inOrderOf(ids: readonly string[], rows: readonly ActorRecord[]): ActorRecord[] {
  const left = new Map(rows.map((row) => [row.id, row]));
  const held: ActorRecord[] = [];
  for (const id of ids) {
    const row = left.get(id);
    if (row === undefined) continue;
    held.push(row);
    left.delete(id);
  }
  return [...held, ...left.values()];
}
