/** What the history of runs says about the next ones. */

import type { RunSummary } from "../api/types";
import { elapsed } from "./format";

/** Successes that the usual time is made of. */
const SAMPLE = 20;

/** The name that tells workflows apart: their file, or where none is known their name. */
export function workflowOf(run: RunSummary): string {
  return run.workflow.file ?? run.workflow.name;
}

export function durationOf(run: RunSummary): number | undefined {
  return run.startedAt === undefined || run.finishedAt === undefined
    ? undefined
    : elapsed(run.startedAt, run.finishedAt, 0);
}

/** How long a success usually takes: the middle one of the newest; unknown before the first. */
export function usualMillis(runs: readonly RunSummary[]): number | undefined {
  const took = runs
    .filter(({ state }) => state === "success")
    .slice(0, SAMPLE)
    .flatMap((run) => durationOf(run) ?? [])
    .sort((a, b) => a - b);
  return took[Math.floor(took.length / 2)];
}

/** The share of successes among the runs that ended by themselves, from 0 to 1. */
export function successShare(runs: readonly RunSummary[]): number | undefined {
  const ended = runs.filter(({ state }) => state === "success" || state === "failure" || state === "lost");
  return ended.length === 0 ? undefined : ended.filter(({ state }) => state === "success").length / ended.length;
}

/** Of each workflow the newest run that has ended, if that went wrong. `runs` has the newest first. */
export function lastFailures(runs: readonly RunSummary[]): RunSummary[] {
  const seen = new Set<string>();
  return runs.filter((run) => {
    if (!["success", "failure", "lost"].includes(run.state) || seen.has(workflowOf(run))) return false;
    seen.add(workflowOf(run));
    return run.state !== "success";
  });
}
