/** A rule as it is filled in, in texts that may be wrong, and what is asked of the studio for it. */

import type { HistoryBy } from "../../../api/history";
import type { Condition, Rule, RuleAsked, Severity } from "../../../api/warnings";
import { readFilter } from "../../../lib/filter/read";
import { printLength, readLength } from "./lengths";
import { groupingsOf, metricChoice, readValue, typedValue } from "./metrics";
import type { WarningsSearch } from "./search";

export type Kind = Condition["kind"];

export type FilledRule = {
  name: string;
  enabled: boolean;
  severity: Severity;
  kind: Kind;
  for: string;
  channels: readonly string[];
  sendResolved: boolean;
  /** Of actors, for metrics and lints. */
  filter: string;
  metric: string;
  by: HistoryBy;
  is: "above" | "below";
  threshold: string;
  clear: string;
  noData: "keep" | "fire" | "resolve";
  codes: readonly string[];
  event: "failed" | "fixed" | "slower";
  work: string;
  subject: string;
  factor: string;
};

export type Problems = Partial<Record<keyof FilledRule, string>>;

export type MadeRule = { asked: RuleAsked; problems?: never } | { asked?: never; problems: Problems };

const FRESH: FilledRule = {
  name: "",
  enabled: true,
  severity: "warning",
  kind: "metric",
  for: "1m",
  channels: [],
  sendResolved: true,
  filter: "",
  metric: "errors",
  by: "all",
  is: "above",
  threshold: "",
  clear: "",
  noData: "keep",
  codes: [],
  event: "failed",
  work: "",
  subject: "",
  factor: "2",
};

/** The longest that something may have to hold, in seconds. */
const LONGEST = 86_400;
const MOST_NAME = 100;

/** A new rule about what the address names. */
export function freshRule({ metric = FRESH.metric, by, filter = "" }: WarningsSearch): FilledRule {
  return withMetric({ ...FRESH, filter, by: by ?? FRESH.by }, metric);
}

/** About another metric; told by what it can be told by. */
export function withMetric(filled: FilledRule, metric: string): FilledRule {
  const groupings = groupingsOf(metricChoice(metric));
  const by = groupings.includes(filled.by) ? filled.by : (groupings[0] ?? "all");
  return { ...filled, metric, by };
}

export function filledOf({ name, enabled, severity, when, channels, sendResolved, ...rule }: Rule): FilledRule {
  const shared = { ...FRESH, name, enabled, severity, channels, sendResolved, for: printLength(rule.for) };
  switch (when.kind) {
    case "metric": {
      const { metric, by, filter, is, noData } = when;
      const { unit } = metricChoice(metric);
      const threshold = typedValue(unit, when.threshold);
      const clear = when.clear == null ? "" : typedValue(unit, when.clear);
      return { ...shared, kind: "metric", metric, by, filter, is, noData, threshold, clear };
    }
    case "lint":
      return { ...shared, kind: "lint", codes: when.codes, filter: when.filter };
    case "work": {
      const { event, work, subject, factor } = when;
      return { ...shared, kind: "work", event, work, subject, factor: String(factor ?? FRESH.factor) };
    }
  }
}

/** What the studio is asked for, or what has to be mended first, in words that go on from the field's name. */
export function madeOf(filled: FilledRule): MadeRule {
  const problems: Problems = {};
  const name = filled.name.trim();
  if (name === "") problems.name = "is needed";
  if (name.length > MOST_NAME) problems.name = `has at most ${MOST_NAME} letters`;
  const seconds = readLength(filled.for);
  if (seconds === undefined) problems.for = "is a length of time such as 90s, 5m or 1h";
  else if (seconds > LONGEST) problems.for = "is a day at most";
  const when = conditionOf(filled, problems);
  if (when === undefined || seconds === undefined || Object.keys(problems).length > 0) return { problems };
  const { enabled, severity, channels, sendResolved } = filled;
  return { asked: { name, enabled, severity, when, for: seconds, channels: [...channels], sendResolved } };
}

function conditionOf(filled: FilledRule, problems: Problems): Condition | undefined {
  switch (filled.kind) {
    case "metric":
      return metricOf(filled, problems);
    case "lint":
      checkFilter(filled.filter, problems);
      return { kind: "lint", codes: [...filled.codes], filter: filled.filter };
    case "work": {
      const { event, work } = filled;
      const when = { kind: "work", event, work, subject: filled.subject.trim() } as const;
      if (event !== "slower") return when;
      const factor = Number(filled.factor.trim().replace(",", "."));
      if (!(factor > 1)) problems.factor = "is more than 1";
      return { ...when, factor };
    }
  }
}

function metricOf(filled: FilledRule, problems: Problems): Condition | undefined {
  const { metric, unit, ofProcesses } = metricChoice(filled.metric);
  const { by, is, noData } = filled;
  // Processes are no actors: a filter finds none of them.
  const filter = ofProcesses ? "" : filled.filter;
  checkFilter(filter, problems);
  const threshold = readValue(unit, filled.threshold);
  if (threshold === undefined) problems.threshold = filled.threshold.trim() === "" ? "is needed" : "is no number";
  const clear = filled.clear.trim() === "" ? null : readValue(unit, filled.clear);
  if (clear === undefined) problems.clear = "is no number";
  if (threshold === undefined || clear === undefined) return undefined;
  if (clear !== null && is === "above" && clear > threshold) problems.clear = "is not above the threshold";
  if (clear !== null && is === "below" && clear < threshold) problems.clear = "is not below the threshold";
  return { kind: "metric", metric, by, filter, is, threshold, clear, noData };
}

function checkFilter(filter: string, problems: Problems): void {
  const { error } = readFilter(filter);
  if (error !== undefined) problems.filter = error.message;
}
