import { describe, expect, it } from "vitest";
import type { Condition, Rule } from "../../../api/warnings";
import { type FilledRule, filledOf, freshRule, madeOf, withMetric } from "./rule-form";

function rule(when: Condition): Rule {
  const rest = { enabled: true, severity: "problem", for: 90, sendResolved: false } as const;
  return { id: "r-1", name: "Errors", when, channels: ["c-1"], ...rest };
}

const METRIC: Condition = {
  kind: "metric",
  metric: "memory",
  by: "process",
  filter: "",
  is: "above",
  threshold: 512 * 1024 ** 2,
  clear: 400 * 1024 ** 2,
  noData: "fire",
};

function problemsOf(change: Partial<FilledRule>) {
  const { problems = {} } = madeOf({ ...freshRule({}), name: "Errors", threshold: "5", ...change });
  return problems;
}

describe("a rule that is filled in", () => {
  it.each([
    METRIC,
    { ...METRIC, metric: "load", threshold: 0.85, clear: null } as const,
    { ...METRIC, metric: "waitP95", by: "type", filter: "type:Order*", threshold: 12.5, clear: 0.1 } as const,
    { ...METRIC, metric: "rate", by: "all", is: "below", threshold: 1, clear: 2 } as const,
    { kind: "lint", codes: ["stuck_handler"], filter: "type:Order" } as const,
    { kind: "work", event: "slower", work: "run", subject: "CI*", factor: 2.5 } as const,
  ] as Condition[])("is asked for as it was: %j", (when) => {
    const { id: _, ...asked } = rule(when);
    expect(madeOf(filledOf(rule(when)))).toEqual({ asked });
  });

  it("has its values in the words of its unit", () => {
    expect(filledOf(rule(METRIC))).toMatchObject({ threshold: "512", clear: "400", for: "1m 30s" });
    expect(filledOf(rule({ ...METRIC, metric: "load", threshold: 0.85 } as Condition)).threshold).toBe("85");
  });

  it("begins with what it was asked for about", () => {
    expect(freshRule({ metric: "waitP95", by: "type", filter: "type:A" })).toMatchObject({
      metric: "waitP95",
      by: "type",
      filter: "type:A",
    });
    expect(freshRule({ metric: "cpu", by: "actor" }).by).toBe("process");
    expect(withMetric(freshRule({ metric: "cpu" }), "queue").by).toBe("all");
  });

  it("says of each field what is wrong with it", () => {
    expect(problemsOf({})).toEqual({});
    expect(problemsOf({ name: " " })).toEqual({ name: "is needed" });
    expect(problemsOf({ threshold: "" })).toEqual({ threshold: "is needed" });
    expect(problemsOf({ threshold: "many" })).toEqual({ threshold: "is no number" });
    expect(problemsOf({ clear: "few" })).toEqual({ clear: "is no number" });
    expect(problemsOf({ clear: "6" })).toEqual({ clear: "is not above the threshold" });
    expect(problemsOf({ is: "below", clear: "4" })).toEqual({ clear: "is not below the threshold" });
    expect(problemsOf({ for: "soon" })).toEqual({ for: "is a length of time such as 90s, 5m or 1h" });
    expect(problemsOf({ for: "2d" })).toEqual({ for: "is a day at most" });
    expect(problemsOf({ filter: "wait:" }).filter).toBeTruthy();
    expect(problemsOf({ kind: "lint", filter: "wait:" }).filter).toBeTruthy();
    expect(problemsOf({ kind: "work", event: "slower", factor: "1" })).toEqual({ factor: "is more than 1" });
    expect(problemsOf({ kind: "work", threshold: "", factor: "" })).toEqual({});
  });

  it("has no filter where it is about processes", () => {
    const made = madeOf({ ...freshRule({ metric: "cpu", filter: "type:A" }), name: "Processor", threshold: "2" });
    expect(made.asked?.when).toMatchObject({ by: "process", filter: "" });
  });
});
