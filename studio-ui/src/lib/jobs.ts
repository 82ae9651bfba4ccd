/** Small questions about jobs and runs that several pages ask. */

import type { Job, Step } from "../api/types";

/** The job somebody most likely wants to see: one that runs, else one that went wrong, else the last that ended. */
export function pickJob(jobs: readonly Job[]): Job | undefined {
  return (
    jobs.find((job) => job.state === "running") ??
    jobs.find((job) => job.state === "failure" || job.state === "lost") ??
    jobs.reduce<Job | undefined>(
      (last, job) => ((job.finishedAt ?? "") > (last?.finishedAt ?? "") ? job : last),
      undefined,
    ) ??
    jobs[0]
  );
}

/** What became of a step, as it counts: a failure that may be is a success; while it runs, its state. */
export function stepState(step: Step): string {
  return step.conclusion ?? step.outcome ?? step.state;
}
