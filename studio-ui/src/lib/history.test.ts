import { describe, expect, it } from "vitest";
import type { RunSummary } from "../api/types";
import { lastFailures, successShare, usualMillis } from "./history";

let count = 0;

function run(state: string, seconds?: number, file = "a.yml"): RunSummary {
  count += 1;
  const startedAt = "2025-12-13T03:00:00.000Z";
  const finishedAt = seconds === undefined ? undefined : new Date(Date.parse(startedAt) + seconds * 1000).toISOString();
  return { runId: `r${count}`, workflow: { name: "a", file }, state, startedAt, ...(finishedAt && { finishedAt }) };
}

describe("the usual time", () => {
  it("is that of the middle success, and none before the first", () => {
    expect(usualMillis([run("success", 9), run("failure", 1), run("success", 2), run("success", 4)])).toBe(4000);
    expect(usualMillis([run("failure", 1), run("running")])).toBeUndefined();
  });
});

it("counts successes among what ended by itself", () => {
  expect(successShare([run("success", 1), run("failure", 1), run("cancelled", 1), run("running")])).toBe(0.5);
  expect(successShare([run("running")])).toBeUndefined();
});

it("names a workflow whose newest ended run failed, and not one that has succeeded since", () => {
  const failed = run("failure", 1);
  const runs = [
    run("running"),
    run("cancelled", 1),
    failed,
    run("success", 1),
    run("success", 1, "b"),
    run("lost", 1, "b"),
  ];
  expect(lastFailures(runs)).toEqual([failed]);
});
