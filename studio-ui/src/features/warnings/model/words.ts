/** Rules, and what came of them, in words; what stands between backticks is a name. */

import type { HistoryBy } from "../../../api/history";
import type { Condition, Delivery, MetricCondition, Preview, PreviewRange, Rule, Silence } from "../../../api/warnings";
import { formatMillis, formatMoment, plural } from "../../../lib/format";
import { formatValue } from "../../../lib/trends/words";
import { printLength } from "./lengths";
import { metricChoice } from "./metrics";

const OF: Record<HistoryBy, string> = {
  all: "all actors",
  type: "each type",
  actor: "each actor",
  process: "each process",
};

/** When a rule fires. */
export function ruleWords({ when, for: seconds }: Pick<Rule, "when" | "for">): string {
  // Of work there is one outcome, which holds until the next.
  const holds = when.kind === "work" || seconds === 0 ? "" : ` for ${printLength(seconds)}`;
  return `${conditionWords(when)}${holds}`;
}

function conditionWords(when: Condition): string {
  switch (when.kind) {
    case "metric":
      return `${metricChoice(when.metric).title} of ${OF[when.by]}${filterWords(when.filter)} ${comparison(when)}`;
    case "lint":
      return `${when.codes.length === 0 ? "any lint" : when.codes.map((code) => `\`${code}\``).join(" or ")}${filterWords(when.filter)}`;
    case "work":
      return `${workWords(when.work, when.subject)} ${eventWords(when)}`;
  }
}

function filterWords(filter: string): string {
  return filter === "" ? "" : ` of \`${filter.replaceAll("`", "'")}\``;
}

function comparison({ metric, is, threshold, clear }: MetricCondition): string {
  const { unit } = metricChoice(metric);
  const until = clear == null || clear === threshold ? "" : ` (until ${formatValue(unit, clear)})`;
  return `${is} ${formatValue(unit, threshold)}${until}`;
}

function workWords(work: string, subject: string): string {
  const what = work === "" || work === "run" ? "a run" : `a \`${work}\``;
  return subject === "" ? what : `${what} of \`${subject.replaceAll("`", "'")}\``;
}

function eventWords({ event, factor }: { event: string; factor?: number | null }): string {
  if (event === "slower") return `takes ${factor ?? 2} times as long as usual`;
  return event === "fixed" ? "succeeds after one that failed" : "fails";
}

const RANGES: Record<PreviewRange, string> = { hour: "hour", day: "day", week: "week" };

/** What a rule would have done. */
export function previewWords({ firings, more, since }: Preview, range: PreviewRange): string {
  const lately = `in the last ${RANGES[range]}`;
  if (since == null && firings.length === 0) return `Nothing is known of what it looks at ${lately}.`;
  const count = firings.length + more;
  if (count === 0) return `Would not have fired ${lately}.`;
  const names = new Set(firings.map(({ about, subject }) => `${about} ${subject}`)).size;
  const of = names > 1 ? `, for ${plural(names, "name")}` : "";
  return `Would have fired ${count === 1 ? "once" : plural(count, "time")} ${lately}${of}.`;
}

/** That less is known than was asked for; undefined where it is not so. */
export function previewLimits({ from, since, leftOut }: Preview): string | undefined {
  const said = [
    since != null && Date.parse(since) > Date.parse(from) && `Nothing is known before ${formatMoment(since)}.`,
    leftOut > 0 && `${plural(leftOut, "name")} left out.`,
  ].filter(Boolean);
  return said.length === 0 ? undefined : said.join(" ");
}

/** What was answered to one attempt to send, and after how long. */
export function answerWords({ detail, took }: Delivery): string {
  return `${detail} (${formatMillis(took)})`;
}

/** What is kept quiet. */
export function silenceWords({ rule, filter }: Silence, rules: readonly Rule[]): string {
  const name = rules.find(({ id }) => id === rule)?.name ?? rule;
  const of = filter === "" ? "" : `\`${filter.replaceAll("`", "'")}\``;
  if (rule == null) return filter === "" ? "All warnings" : `All warnings about ${of}`;
  return filter === "" ? `\`${name}\`` : `\`${name}\` about ${of}`;
}
