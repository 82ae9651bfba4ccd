/** What the page of metrics shows, as its address says it: an address is a view that can be kept and sent on. */

import type { HistoryBy } from "../../../api/history";
import { printRange, type Range, type RangeInAddress, readRange } from "../../../lib/trends/range";
import { PANEL_KEYS, type PanelKey, QUANTILES, type Quantile } from "../../../ui/trend/panels";

/** What a line is of; processes have pictures of their own. */
export type Grouping = Exclude<HistoryBy, "process">;

export const GROUPINGS: readonly Grouping[] = ["all", "type", "actor"];

export type TrendsSearch = RangeInAddress & {
  /** What a line is of, where not of all. */
  by?: Exclude<Grouping, "all">;
  /** As it is typed; it may be wrong. */
  filter?: string;
  /** Which quantile is shown of times that are told by type or by actor, where not the usual one. */
  q?: Exclude<Quantile, "p95">;
  /** The pictures that are shown, where not all of them. */
  panels?: readonly PanelKey[];
  /** Lines that are not drawn. */
  hide?: readonly string[];
  /** Whether numbers are shown in place of pictures. */
  view?: "table";
};

/** Names that are hidden at most; an address has room for no more. */
const MOST_HIDDEN = 40;

export function readTrendsSearch(search: Record<string, unknown>): TrendsSearch {
  const read: TrendsSearch = { ...printRange(readRange(search)) };
  if (search.by === "type" || search.by === "actor") read.by = search.by;
  const { filter } = search;
  if ((typeof filter === "string" || typeof filter === "number") && filter !== "") read.filter = String(filter);
  if (search.q === "p50" || search.q === "p99") read.q = search.q;
  const panels = readPanels(search.panels);
  if (panels !== undefined) read.panels = panels;
  const hide = texts(search.hide).slice(0, MOST_HIDDEN);
  if (hide.length > 0) read.hide = hide;
  if (search.view === "table") read.view = "table";
  return read;
}

/** In the order of the page, each once; undefined where it is all of them, or none that there is. */
function readPanels(value: unknown): PanelKey[] | undefined {
  const wanted = typeof value === "string" ? value.split(",") : texts(value);
  const panels = PANEL_KEYS.filter((key) => wanted.includes(key));
  return panels.length === 0 || panels.length === PANEL_KEYS.length ? undefined : panels;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}

export function rangeOf(search: TrendsSearch): Range {
  return readRange(search);
}

/** The search with another range. */
export function withRange({ range: _, from: __, to: ___, ...rest }: TrendsSearch, range: Range): TrendsSearch {
  return { ...rest, ...printRange(range) };
}

/** With a picture shown or hidden; the last one stays. */
export function withPanel(search: TrendsSearch, key: PanelKey, shown: boolean): TrendsSearch {
  const before = search.panels ?? PANEL_KEYS;
  const panels = PANEL_KEYS.filter((one) => (one === key ? shown : before.includes(one)));
  return readTrendsSearch({ ...search, panels: panels.length === 0 ? before : panels });
}

/** With a line drawn or not. */
export function withHidden(search: TrendsSearch, name: string, hidden: boolean): TrendsSearch {
  const others = (search.hide ?? []).filter((one) => one !== name);
  return readTrendsSearch({ ...search, hide: hidden ? [...others, name] : others });
}

/** With some of it changed; what is undefined is taken away. */
export function withChange(search: TrendsSearch, change: { [K in keyof TrendsSearch]?: TrendsSearch[K] | undefined }) {
  return readTrendsSearch({ ...search, ...change });
}

export function quantileShown(search: TrendsSearch): Quantile {
  return QUANTILES.find((quantile) => quantile === search.q) ?? "p95";
}
