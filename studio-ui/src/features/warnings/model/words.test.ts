import { describe, expect, it } from "vitest";
import type { Condition, MetricCondition, Preview, Rule } from "../../../api/warnings";
import { previewLimits, previewWords, ruleWords, silenceWords } from "./words";

const METRIC: MetricCondition = {
  ...{ kind: "metric", metric: "errors", by: "type", filter: "type:Order*" },
  ...{ is: "above", threshold: 5, clear: 3, noData: "keep" },
} as MetricCondition;
const FIRING = {
  about: "type",
  subject: "Order",
  since: "2025-12-13T03:00:00Z",
  fired: "2025-12-13T03:01:00Z",
  sentence: "",
} as const;
const PREVIEW: Preview = {
  ...{ from: "2025-12-13T03:00:00Z", to: "2025-12-13T04:00:00Z", since: "2025-12-12T03:00:00Z" },
  ...{ step: 10_000, firings: [], leftOut: 0, more: 0 },
};

it.each([
  [METRIC, 90, "Errors of each type of `type:Order*` above 5/s (until 3/s) for 1m 30s"],
  [
    { ...METRIC, metric: "memory", by: "process", filter: "", threshold: 1024 ** 3, clear: null },
    0,
    "Memory of each process above 1 GiB",
  ],
  [
    { ...METRIC, metric: "waitP95", by: "all", filter: "", is: "below", threshold: 2, clear: 2 },
    60,
    "Waiting p95 of all actors below 2 ms for 1m",
  ],
  [{ kind: "lint", codes: [], filter: "" }, 60, "any lint for 1m"],
  [{ kind: "lint", codes: ["a", "b"], filter: "type:A" }, 0, "`a` or `b` of `type:A`"],
  [{ kind: "work", event: "failed", work: "run", subject: "", factor: 2 }, 60, "a run fails"],
  [
    { kind: "work", event: "fixed", work: "", subject: "CI*", factor: 2 },
    60,
    "a run of `CI*` succeeds after one that failed",
  ],
  [
    { kind: "work", event: "slower", work: "run", subject: "", factor: 1.5 },
    0,
    "a run takes 1.5 times as long as usual",
  ],
] as [Condition, number, string][])("a rule in words: %j", (when, seconds, words) => {
  expect(ruleWords({ when, for: seconds })).toBe(words);
});

describe("a preview in words", () => {
  it("counts what would have fired", () => {
    expect(previewWords(PREVIEW, "day")).toBe("Would not have fired in the last day.");
    expect(previewWords({ ...PREVIEW, firings: [FIRING] }, "hour")).toBe("Would have fired once in the last hour.");
    const firings = [FIRING, FIRING, { ...FIRING, subject: "Cart" }];
    expect(previewWords({ ...PREVIEW, firings }, "week")).toBe(
      "Would have fired 3 times in the last week, for 2 names.",
    );
    expect(previewWords({ ...PREVIEW, firings: [FIRING], more: 11 }, "day")).toBe(
      "Would have fired 12 times in the last day.",
    );
  });

  it("says where it does not know", () => {
    const { since: _, ...unknown } = PREVIEW;
    expect(previewWords(unknown, "day")).toBe("Nothing is known of what it looks at in the last day.");
    expect(previewLimits(PREVIEW)).toBeUndefined();
    expect(previewLimits({ ...PREVIEW, since: "2025-12-13T03:30:00Z", leftOut: 2 })).toMatch(
      /^Nothing is known before 2025-12-\d\d \d\d:\d\d:00. 2 names left out.$/,
    );
  });
});

it("a silence in words", () => {
  const rest = { id: "s-1", until: "", reason: "", by: "ana", created: "" };
  const rules = [{ id: "r-1", name: "Errors" } as Rule];
  expect(silenceWords({ ...rest, filter: "" }, rules)).toBe("All warnings");
  expect(silenceWords({ ...rest, filter: "type:A" }, rules)).toBe("All warnings about `type:A`");
  expect(silenceWords({ ...rest, rule: "r-1", filter: "" }, rules)).toBe("`Errors`");
  expect(silenceWords({ ...rest, rule: "r-2", filter: "id:x" }, rules)).toBe("`r-2` about `id:x`");
});
