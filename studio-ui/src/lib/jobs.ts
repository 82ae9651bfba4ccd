/** Small questions about jobs and runs that several pages ask. */

import type { Job, RunSummary, Step } from "../api/types";

/** The job somebody most likely wants to see: one that runs, else one that went wrong, else the last that ended. */
export function pickJob(all: readonly Job[]): Job | undefined {
  const jobs = working(all);
  return (
    jobs.find((job) => job.state === "running") ??
    jobs.find(wentWrong) ??
    jobs.reduce<Job | undefined>(later, undefined) ??
    jobs[0]
  );
}

/**
 * The job to show while nobody has chosen one: it stays on the job in sight as long as that runs, then goes on to the
 * next that runs, and at last to what went wrong.
 */
export function nextJob(all: readonly Job[], shown: string | undefined): Job | undefined {
  const jobs = working(all);
  const current = jobs.find((job) => job.id === shown);
  if (current === undefined) return pickJob(jobs);
  if (current.state === "running") return current;
  return (
    jobs.find((job) => job.state === "running") ?? (wentWrong(current) ? current : jobs.find(wentWrong)) ?? current
  );
}

/** The job that an address names, if the run has it; of a group, the one of its jobs that is worth the most. */
export function namedJob(jobs: readonly Job[], id: string, shown?: string): Job | undefined {
  const job = jobs.find((candidate) => candidate.id === id);
  if (!job?.group) return job;
  return nextJob(within(jobs, id), shown) ?? job;
}

/** The jobs that a group brought, and those that they brought. */
export function within(jobs: readonly Job[], group: string): Job[] {
  const parents = new Map(jobs.map((job) => [job.id, job.parent]));
  return jobs.filter((job) => above(job.id, parents).includes(group));
}

/** The groups that a job is in, the nearest first. */
export function above(id: string, parents: ReadonlyMap<string, string | undefined>): string[] {
  const found: string[] = [];
  for (let next = parents.get(id); next !== undefined && parents.has(next); next = parents.get(next)) {
    // What the server says cannot go round in circles; what breaks must not hang the page.
    if (next === id || found.includes(next)) break;
    found.push(next);
  }
  return found;
}

/** Jobs that run something; groups only where there is nothing else. */
export function working(jobs: readonly Job[]): readonly Job[] {
  const found = jobs.filter((job) => !job.group);
  return found.length > 0 ? found : jobs;
}

/** Why a job ended as it did, in a sentence: its own reason, else the step that failed. */
export function whyOf(job: Job): string | undefined {
  if (job.reason) return job.reason.message;
  if (job.state !== "failure") return undefined;
  const step = failedStep(job);
  if (step === undefined) return undefined;
  if (step.reason) return `Step “${step.name}” failed: ${step.reason.message}`;
  return step.exitCode === undefined
    ? `Step “${step.name}” failed.`
    : `Step “${step.name}” failed with exit code ${step.exitCode}.`;
}

/** The state of a job as it is shown: one that waits for somebody's answer does not run. */
export function jobState(job: Job): string {
  return job.state === "running" && job.pauses !== undefined && job.pauses.length > 0 ? "paused" : job.state;
}

/** The steps of a job as they are shown. */
export function shownSteps({ steps = NO_STEPS, pauses = [] }: Job): readonly Step[] {
  if (pauses.length === 0) return steps;
  return steps.map((step) => (pauses.some((pause) => pause.step === step.id) ? { ...step, state: "paused" } : step));
}

const NO_STEPS: Step[] = [];

/** The state of a run as it is shown: one that goes on only with somebody's answer is paused. */
export function runState({ state, paused }: Pick<RunSummary, "state" | "paused">): string {
  return state === "running" && paused ? "paused" : state;
}

/** The step that a job failed by. */
export function failedStep(job: Job): Step | undefined {
  if (job.state !== "failure") return undefined;
  return job.steps?.find((step) => stepState(step) === "failure");
}

function wentWrong(job: Job): boolean {
  return job.state === "failure" || job.state === "lost";
}

function later(last: Job | undefined, job: Job): Job | undefined {
  return (job.finishedAt ?? "") > (last?.finishedAt ?? "") ? job : last;
}

/** What became of a step, as it counts: a failure that may be is a success; while it runs, its state. */
export function stepState(step: Step): string {
  return step.conclusion ?? step.outcome ?? step.state;
}
