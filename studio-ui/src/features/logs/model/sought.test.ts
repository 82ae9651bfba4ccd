import { expect, it } from "vitest";
import type { LogHit } from "../../../api/types";
import { byRun, soughtOf } from "./sought";

function hit(runId: string, line: number): LogHit {
  return {
    runId,
    workflow: `w-${runId}`,
    job: "j",
    attempt: 1,
    line,
    timestamp: "",
    before: "",
    match: "x",
    after: "",
  };
}

it("puts hits under their runs, in the order in which they came", () => {
  const runs = byRun([hit("b", 1), hit("b", 4), hit("a", 2)]);
  expect(runs.map(({ runId, workflow, hits }) => [runId, workflow, hits.map(({ line }) => line)])).toEqual([
    ["b", "w-b", [1, 4]],
    ["a", "w-a", [2]],
  ]);
  expect(byRun([])).toEqual([]);
});

it("searches for what the address says", () => {
  expect(soughtOf({ q: "a", regex: true })).toEqual({ text: "a", regex: true, sensitive: false });
  expect(soughtOf({})).toEqual({ text: "", regex: false, sensitive: false });
});
