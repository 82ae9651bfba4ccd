/** What is asked of the studio for a list of actors: in its words, and no more of the list than is looked at. */

import { type Filter, print } from "../../../lib/filter/filter";
import { type Sort, type SortKey, sortKey } from "./search";

/** Rows the list can be scrolled through: browsers make nothing taller than some millions of pixels. */
export const MOST_ROWS = 500_000;
/** Stretches begin and end at multiples of this, so that those who look at nearly the same look at the same. */
const BLOCK = 50;
/** Rows that are held ready on both sides of what is in sight. */
const MARGIN = 25;

const SORTS: Record<SortKey, string> = {
  id: "id",
  type: "type",
  status: "status",
  rate: "rate",
  messages: "messageCount",
  queue: "queueDepth",
  wait: "wait",
  heartbeat: "lastHeartbeat",
  uptime: "uptime",
  parent: "parentId",
};

export type List = { filter: string; sort: string };

/** From which place of a list, and how many. */
export type Part = { from: number; count: number };

/** Plumbing is left out unless it is asked for, here or by name. */
export function listWanted(filter: Filter, plumbing: boolean, sort: Sort): List {
  const named = filter.some(({ condition }) => condition.of === "is" && condition.natures.includes("system"));
  const hidden: Filter = plumbing || named ? [] : [{ negated: true, condition: { of: "is", natures: ["system"] } }];
  return { filter: print([...filter, ...hidden]), sort: `${sort.startsWith("-") ? "-" : ""}${SORTS[sortKey(sort)]}` };
}

/** The part of the list that holds the rows from `first` to `last`, and some more. */
export function stretchAround(first: number, last: number): Part {
  const from = Math.floor(Math.max(0, first - MARGIN) / BLOCK) * BLOCK;
  const to = Math.ceil((Math.max(first, last) + 1 + MARGIN) / BLOCK) * BLOCK;
  return { from, count: to - from };
}
