/** A list that is read page by page, as one. */

import type { ActorRecord, ActorsPage } from "../../../api/types";
import type { Shown } from "../../../lib/live/actor-windows";

/** Rows that are shown as still to come, so that one can go on to them. */
const AHEAD = 50;

/** What was read so far, from the start of the list. Who moved in the list between two pages is in it once. */
export function readPages(pages: readonly ActorsPage[] | undefined): Shown {
  const rows = new Map<string, ActorRecord>();
  for (const { items } of pages ?? []) {
    for (const item of items) if (!rows.has(item.id)) rows.set(item.id, item);
  }
  return {
    loaded: pages !== undefined,
    total: pages?.[0]?.total ?? 0,
    from: 0,
    rows: [...rows.values()],
    problem: undefined,
  };
}

/** How far one can go in a list of which so many rows were read. */
export function reachOf(read: number, total: number, more: boolean): number {
  return more ? Math.min(total, read + AHEAD) : read;
}
