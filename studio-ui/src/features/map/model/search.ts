/** What the map shows, as its address says it. */

import type { MapGroup } from "../../../api/inside";
import { readWindow, type WindowSeconds } from "../../../lib/window";
import { HEATS, type Heat } from "./heat";

export type MapView = "table" | "picture";

export type MapSearch = {
  group?: MapGroup;
  window?: WindowSeconds;
  heat?: Heat;
  filter?: string;
  /** Where neither is named, a narrow window shows tables: a picture would be specks. */
  view?: MapView;
  /** Whether plumbing of libraries is shown too. */
  system?: true;
};

export function readMapSearch(search: Record<string, unknown>): MapSearch {
  const window = readWindow(search.window);
  const heat = HEATS.find((heat) => heat === search.heat);
  const { filter } = search;
  return {
    ...(search.group === "actor" && { group: "actor" }),
    ...(window !== 60 && { window }),
    ...(heat !== undefined && heat !== "wait" && { heat }),
    ...((typeof filter === "string" || typeof filter === "number") && filter !== "" && { filter: String(filter) }),
    ...((search.view === "table" || search.view === "picture") && { view: search.view }),
    ...((search.system === true || search.system === 1 || search.system === "true") && { system: true }),
  };
}

/** The filter that the studio is asked with. */
export function filterOf({ filter, system }: MapSearch): string {
  return [system ? "" : "-is:system", filter ?? ""].filter(Boolean).join(" ");
}
