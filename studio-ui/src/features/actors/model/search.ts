/** What the actors page shows, as its address says it. */

import { type Condition, type Filter, print } from "../../../lib/filter/filter";
import type { Field } from "../../../lib/filter/keys";
import { literal } from "../../../lib/filter/pattern";
import { readFilter } from "../../../lib/filter/read";
import { readWindow, SHORTEST, type WindowSeconds } from "../../../lib/window";
import { type Folds, readFolds } from "./tree";

const SORTS = ["id", "type", "status", "rate", "messages", "queue", "wait", "heartbeat", "uptime", "parent"] as const;

export type SortKey = (typeof SORTS)[number];

/** A column, with a minus in front for largest first. */
export type Sort = SortKey | `-${SortKey}`;

export type ActorsSearch = {
  /** As it is typed; it may be wrong. */
  filter?: string;
  /** Whether plumbing (`is:system`) is shown beside the work of the application. */
  plumbing?: true;
  sort?: Sort;
  /** How they are shown, where not as a list. */
  view?: "tree";
  /** The tree as it is folded out, where not as at first: whether all is, and who is the other way. */
  unfold?: Folds["unfold"];
  except?: readonly string[];
  /** Over which time rates are drawn, where that is not the shortest. */
  window?: WindowSeconds;
  /** The actor whose panel is open. */
  actor?: string;
};

export function readActorsSearch(search: Record<string, unknown>): ActorsSearch {
  const read: ActorsSearch = {};
  const filter = [text(search.filter), ...older(search)].filter(Boolean).join(" ");
  if (filter !== "") read.filter = filter;
  if (search.plumbing === true) read.plumbing = true;
  const actor = text(search.actor);
  if (actor) read.actor = actor;
  if (isSort(search.sort)) read.sort = search.sort;
  if (search.view === "tree") Object.assign(read, { view: "tree", ...readFolds(search) });
  const window = readWindow(search.window);
  if (window !== SHORTEST) read.window = window;
  return read;
}

/** The router reads `?filter=12` as a number. */
function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** Addresses from before there was one filter: words, a status, a type. */
function older(search: Record<string, unknown>): string[] {
  const words = text(search.q).split(/\s+/).filter(Boolean);
  const conditions: Condition[] = words.map((word) => ({ of: "text", pattern: literal(word) }));
  const [status, type] = [text(search.status), text(search.type)];
  if (status) conditions.push({ of: "field", field: "state", patterns: [literal(status === "unknown" ? "" : status)] });
  if (type) conditions.push({ of: "field", field: "type", patterns: [literal(type)] });
  return conditions.map((condition) => print([{ negated: false, condition }]));
}

/** The one value that a filter wants of a field, where it is one. */
export function valueWanted(filter: Filter, field: Field): string | undefined {
  for (const { negated, condition } of filter) {
    if (negated || condition.of !== "field" || condition.field !== field) continue;
    const [first, ...more] = condition.patterns;
    const [piece = "", ...others] = first?.pieces ?? [];
    if (more.length === 0 && others.length === 0 && first?.pieces[0] !== undefined) return piece;
    if (more.length === 0 && first?.pieces.length === 0) return "";
  }
  return undefined;
}

/** The filter with this value of a field, or with none. What can't be read is started anew. */
export function withValue(typed: string, field: Field, value: string | undefined): string {
  const kept = (readFilter(typed).filter ?? []).filter(
    ({ negated, condition }) => negated || condition.of !== "field" || condition.field !== field,
  );
  if (value === undefined) return print(kept);
  return print([...kept, { negated: false, condition: { of: "field", field, patterns: [literal(value)] } }]);
}

export function sortKey(sort: Sort): SortKey {
  return (sort.startsWith("-") ? sort.slice(1) : sort) as SortKey;
}

/** What a click on a column's head means: this column, and the other way round the second time. */
export function toggleSort(current: Sort, key: SortKey): Sort {
  const first: Sort = NUMERIC.has(key) ? `-${key}` : key;
  const second: Sort = NUMERIC.has(key) ? key : `-${key}`;
  return current === first ? second : first;
}

const NUMERIC: ReadonlySet<SortKey> = new Set(["rate", "messages", "queue", "wait", "heartbeat", "uptime"]);

function isSort(value: unknown): value is Sort {
  if (typeof value !== "string") return false;
  return (SORTS as readonly string[]).includes(value.startsWith("-") ? value.slice(1) : value);
}
