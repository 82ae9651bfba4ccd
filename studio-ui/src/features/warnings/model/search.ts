/** What the page of warnings shows, as its address says it; a rule that is begun elsewhere comes with it. */

import type { HistoryBy } from "../../../api/history";
import { METRICS } from "./metrics";

export const VIEWS = ["now", "rules", "channels"] as const;
export type View = (typeof VIEWS)[number];

export type WarningsSearch = {
  /** What is shown, where not what is the case now. */
  view?: Exclude<View, "now">;
  /** The rule that is being changed; `new` is one that is not there yet. */
  rule?: string;
  /** What a new rule is about. */
  metric?: string;
  by?: HistoryBy;
  filter?: string;
};

const BYS: readonly HistoryBy[] = ["all", "type", "actor", "process"];

export function readWarningsSearch(search: Record<string, unknown>): WarningsSearch {
  const read: WarningsSearch = {};
  if (search.view === "rules" || search.view === "channels") read.view = search.view;
  const { rule, metric, filter } = search;
  if ((typeof rule !== "string" && typeof rule !== "number") || rule === "") return read;
  Object.assign(read, { view: "rules", rule: String(rule) });
  if (rule !== "new") return read;
  if (METRICS.some((choice) => choice.metric === metric)) read.metric = String(metric);
  const by = BYS.find((one) => one === search.by);
  if (by !== undefined) read.by = by;
  if ((typeof filter === "string" || typeof filter === "number") && filter !== "") read.filter = String(filter);
  return read;
}
