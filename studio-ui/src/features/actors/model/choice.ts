/** The actors that are chosen, to give one order to all of them. */

import type { ActorRecord } from "../../../api/types";
import type { Rows } from "./held-order";

/** How many may be chosen at once: more than that are rather one order to the program itself. */
export const MOST_CHOSEN = 500;

/** By id, each as it was seen last. */
export type Chosen = ReadonlyMap<string, ActorRecord>;

export const NOBODY: Chosen = new Map();

/** With or without one. One more than may be is not taken. */
export function toggled(chosen: Chosen, row: ActorRecord): Chosen {
  const next = new Map(chosen);
  if (!next.delete(row.id) && next.size < MOST_CHOSEN) next.set(row.id, row);
  return next;
}

/** With all of these, as far as there is room. */
export function withAll(chosen: Chosen, rows: Iterable<ActorRecord>): Chosen {
  const next = new Map(chosen);
  for (const row of rows) if (next.has(row.id) || next.size < MOST_CHOSEN) next.set(row.id, row);
  return next;
}

/** As they are now, where that is known. */
export function newest(chosen: Chosen, rows: Iterable<ActorRecord>): Chosen {
  const known = new Map([...rows].map((row) => [row.id, row]));
  return new Map([...chosen].map(([id, row]) => [id, known.get(id) ?? row]));
}

/** The rows from one place to another, whichever comes first; undefined when not all of them are known here. */
export function between(rows: Rows, one: number, other: number): ActorRecord[] | undefined {
  const [from, to] = [Math.min(one, other), Math.max(one, other)];
  const found: ActorRecord[] = [];
  for (let place = from; place <= to; place += 1) {
    const row = rows.get(place);
    if (row === undefined) return undefined;
    found.push(row);
  }
  return found;
}
