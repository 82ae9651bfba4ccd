/** What the actors page shows, as its address says it. */

const SORTS = ["id", "type", "status", "messages", "queue", "heartbeat", "uptime", "parent"] as const;

export type SortKey = (typeof SORTS)[number];

/** A column, with a minus in front for largest first. */
export type Sort = SortKey | `-${SortKey}`;

export type ActorsSearch = {
  filter?: string;
  q?: string;
  status?: string;
  type?: string;
  sort?: Sort;
  /** The actor whose panel is open. */
  actor?: string;
};

export function readActorsSearch(search: Record<string, unknown>): ActorsSearch {
  const read: ActorsSearch = {};
  for (const key of ["filter", "q", "status", "type", "actor"] as const) {
    const value = search[key];
    // The router reads `?q=12` as a number.
    if ((typeof value === "string" && value !== "") || typeof value === "number") read[key] = String(value);
  }
  if (isSort(search.sort)) read.sort = search.sort;
  return read;
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

const NUMERIC: ReadonlySet<SortKey> = new Set(["messages", "queue", "heartbeat", "uptime"]);

function isSort(value: unknown): value is Sort {
  if (typeof value !== "string") return false;
  return (SORTS as readonly string[]).includes(value.startsWith("-") ? value.slice(1) : value);
}
