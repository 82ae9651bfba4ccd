/** From all actors to the rows of the list: filter first, count, then sort, then cut. */

import type { ActorRecord } from "../../../api/types";
import type { Filter } from "../../../lib/filter/filter";
import { matches } from "../../../lib/filter/match";
import { type Sort, type SortKey, sortKey } from "./search";

/** Rows the list holds at most; beyond it a filter serves better than scrolling. */
export const MOST_ROWS = 20_000;
/** Up to here names are compared as people read them (`a-2` before `a-10`); above it by code, which is far cheaper. */
const NATURAL_UP_TO = 5000;

export type Wanted = { filter?: Filter; plumbing?: boolean; sort?: Sort };

export type Tally = { word: string; count: number };

export type Selection = {
  rows: readonly ActorRecord[];
  /** Rows that match, also those beyond `MOST_ROWS`. */
  matched: number;
  total: number;
  /** Of those that match all but what is said of states, how many have which status. */
  statuses: readonly Tally[];
  types: readonly Tally[];
  /** How many are plumbing, shown or not. */
  plumbing: number;
};

export function select(all: readonly ActorRecord[], { filter = [], plumbing = false, sort = "id" }: Wanted): Selection {
  const isOfState = ({ condition }: Filter[number]) => condition.of === "field" && condition.field === "state";
  const [ofStates, others] = [filter.filter(isOfState), filter.filter((term) => !isOfState(term))];
  // Who asks for plumbing by name is shown it.
  const shown =
    plumbing || filter.some(({ condition }) => condition.of === "is" && condition.natures.includes("system"));
  const statuses = new Map<string, number>();
  const types = new Map<string, number>();
  const matching: ActorRecord[] = [];
  let hidden = 0;
  let system = 0;
  for (const actor of all) {
    if (actor.system === true) {
      system += 1;
      if (!shown) {
        hidden += 1;
        continue;
      }
    }
    add(types, actor.type);
    if (!matches(others, actor)) continue;
    add(statuses, actor.status ?? "unknown");
    if (matches(ofStates, actor)) matching.push(actor);
  }
  const sorted = matching.sort(comparator(sort, matching.length));
  return {
    rows: sorted.slice(0, MOST_ROWS),
    matched: sorted.length,
    total: all.length - hidden,
    statuses: tallies(statuses),
    types: tallies(types),
    plumbing: system,
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
