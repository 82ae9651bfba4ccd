import { describe, expect, it } from "vitest";
import type { MetricCondition, Warning } from "../../../api/warnings";
import { metricsOf, silenceOf } from "./links";

const NOW = Date.parse("2025-12-13T04:00:00Z");
const WARNING: Warning = {
  ...{ id: "w-1", rule: "r-1", ruleName: "Errors", severity: "problem", state: "firing", about: "type" },
  ...{ subject: "Order", sentence: "errors", since: "2025-12-13T03:30:00Z" },
} as Warning;
const ERRORS: MetricCondition = {
  ...{ kind: "metric", metric: "errors", by: "type", filter: "state:active" },
  ...{ is: "above", threshold: 5, noData: "keep" },
} as MetricCondition;

describe("a warning leads", () => {
  it("to the metric that it is about, of whom it is about, from before it began to now", () => {
    expect(metricsOf(WARNING, ERRORS, NOW)).toEqual({
      panels: ["errors"],
      by: "type",
      filter: "type:Order",
      range: "2h",
    });
    const actor = { ...WARNING, about: "actor", subject: "order 1" } as const;
    const when = { ...ERRORS, metric: "waitP99", by: "actor" } as const;
    expect(metricsOf(actor, when, NOW)).toMatchObject({
      panels: ["wait"],
      by: "actor",
      q: "p99",
      filter: 'id:"order 1"',
    });
    expect(metricsOf({ ...WARNING, since: "2025-12-13T03:59:59Z" }, ERRORS, NOW)?.range).toBe("2h");
    expect(metricsOf({ ...WARNING, since: "2025-12-01T00:00:00Z" }, ERRORS, NOW)?.range).toBe("1w");
  });

  it("to the time of one that is over", () => {
    const over = { ...WARNING, about: "all", subject: "all", resolved: "2025-12-13T03:40:00Z" } as const;
    expect(metricsOf(over, { ...ERRORS, by: "all" }, NOW)).toEqual({
      panels: ["errors"],
      filter: "state:active",
      from: "2025-12-13T03:20:00Z",
      to: "2025-12-13T03:50:00Z",
    });
  });

  it("to processes without a filter, and nowhere where it is about no metric", () => {
    const process = { ...WARNING, about: "process", subject: "shop@web-1:7" } as const;
    expect(metricsOf(process, { ...ERRORS, metric: "cpu", by: "process", filter: "" }, NOW)).toEqual({
      panels: ["cpu"],
      range: "2h",
    });
    expect(metricsOf(WARNING, { kind: "lint", codes: [], filter: "" }, NOW)).toBeUndefined();
    expect(metricsOf(WARNING, undefined, NOW)).toBeUndefined();
  });
});

it.each([
  ["type", "Order", "type:Order"],
  ["actor", "a", "id:a"],
  ["work", "CI on push", 'id:"CI on push"'],
  ["process", "shop@web-1:7", 'id:"shop@web-1:7"'],
  ["all", "all", undefined],
] as const)("a warning about one %s is silenced alone", (about, subject, filter) => {
  const until = "2025-12-13T04:00:00.000Z";
  const wanted = filter === undefined ? { rule: "r-1", until } : { rule: "r-1", filter, until };
  expect(silenceOf({ ...WARNING, about, subject }, NOW)).toEqual(wanted);
});
