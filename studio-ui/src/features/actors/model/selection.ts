/** From all actors to the rows of the list: filter first, count, then sort, then cut. */

import type { ActorRecord } from "../../../api/types";
import { type ActorsSearch, type Sort, type SortKey, sortKey } from "./search";

/** Rows the list holds at most; beyond it a filter serves better than scrolling. */
export const MOST_ROWS = 20_000;
/** Up to here names are compared as people read them (`a-2` before `a-10`); above it by code, which is far cheaper. */
const NATURAL_UP_TO = 5000;

export type Tally = { word: string; count: number };

export type Selection = {
  rows: readonly ActorRecord[];
  /** Rows that match, also those beyond `MOST_ROWS`. */
  matched: number;
  total: number;
  /** Of those that match the text and type, how many have which status. */
  statuses: readonly Tally[];
  types: readonly Tally[];
};

export function select(all: readonly ActorRecord[], search: ActorsSearch): Selection {
  const words = (search.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const statuses = new Map<string, number>();
  const types = new Map<string, number>();
  const matching: ActorRecord[] = [];
  for (const actor of all) {
    add(types, actor.type);
    if (search.type !== undefined && actor.type !== search.type) continue;
    if (!contains(actor, words)) continue;
    add(statuses, actor.status ?? "unknown");
    if (search.status !== undefined && (actor.status ?? "unknown") !== search.status) continue;
    matching.push(actor);
  }
  const sorted = matching.sort(comparator(search.sort ?? "id", matching.length));
  return {
    rows: sorted.slice(0, MOST_ROWS),
    matched: sorted.length,
    total: all.length,
    statuses: tallies(statuses),
    types: tallies(types),
  };
}

/** How many actors have this one as parent, and the first few of them. */
export function childrenOf(all: readonly ActorRecord[], id: string, most: number): { count: number; ids: string[] } {
  const ids: string[] = [];
  let count = 0;
  for (const actor of all) {
    if (actor.parentId !== id) continue;
    count += 1;
    if (ids.length < most) ids.push(actor.id);
  }
  return { count, ids };
}

function contains(actor: ActorRecord, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const { id, type, status, workerId, parentId, node } = actor;
  const text = [id, type, status, workerId, parentId, node].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}

const READ: Record<SortKey, (actor: ActorRecord) => string | number | undefined> = {
  id: (actor) => actor.id,
  type: (actor) => actor.type,
  status: (actor) => actor.status,
  messages: (actor) => actor.messageCount,
  queue: (actor) => actor.queueDepth,
  heartbeat: (actor) => actor.lastHeartbeat,
  uptime: (actor) => actor.uptime,
  parent: (actor) => actor.parentId,
};

const NATURAL = new Intl.Collator("en", { numeric: true });

function comparator(sort: Sort, size: number): (a: ActorRecord, b: ActorRecord) => number {
  const read = READ[sortKey(sort)];
  const turn = sort.startsWith("-") ? -1 : 1;
  const texts = size <= NATURAL_UP_TO ? NATURAL.compare : byCode;
  return (a, b) => {
    const left = read(a);
    const right = read(b);
    // What is unknown stands last, whichever way the rest is sorted.
    if (left === undefined || right === undefined) {
      if (left !== right) return left === undefined ? 1 : -1;
    } else {
      const order = typeof left === "number" ? left - Number(right) : texts(left, String(right));
      if (order !== 0) return order * turn;
    }
    return texts(a.id, b.id);
  };
}

function byCode(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function add(counts: Map<string, number>, word: string): void {
  counts.set(word, (counts.get(word) ?? 0) + 1);
}

function tallies(counts: ReadonlyMap<string, number>): Tally[] {
  return [...counts].map(([word, count]) => ({ word, count })).sort((a, b) => byCode(a.word, b.word));
}
