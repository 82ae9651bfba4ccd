import { useQueries } from "@tanstack/react-query";
import { jobTailQuery, runQuery } from "../../../api/queries";
import type { Job, Run, RunSummary } from "../../../api/types";
import { lastFailures } from "../../../lib/history";
import { failedStep, pickJob, whyOf } from "../../../lib/jobs";
import { lastError } from "../../../lib/logs/last-error";

/** Failures that are looked into; the others are told without their reasons. */
const MOST_DETAILS = 5;

export type Failure = {
  run: RunSummary;
  job?: Job | undefined;
  /** The step that failed. */
  step?: string | undefined;
  why?: string | undefined;
  /** The last error line of its log. */
  line?: string | undefined;
};

/** Workflows whose last run failed: which job, which step, and its last error line. */
export function useFailures(runs: readonly RunSummary[]): Failure[] {
  const failed = lastFailures(runs);
  const looked = failed.slice(0, MOST_DETAILS);
  const details = useQueries({ queries: looked.map(({ runId }) => runQuery(runId)) });
  const jobs = details.map(({ data }) => failedJob(data));
  const tails = useQueries({
    queries: looked.map(({ runId }, index) => {
      const job = jobs[index];
      const at = job?.reused;
      return {
        ...jobTailQuery(at?.run ?? runId, job?.id ?? "", at?.jobAttempt ?? job?.attempt ?? 1),
        enabled: job !== undefined,
      };
    }),
  });
  return failed.map((run, index) => {
    const job = jobs[index];
    const reason = details[index]?.data?.reason?.message;
    return {
      run,
      job,
      step: job && failedStep(job)?.name,
      why: job ? whyOf(job) : reason,
      line: annotated(job) ?? lastError(tails[index]?.data ?? []),
    };
  });
}

function failedJob(run: Run | undefined): Job | undefined {
  const job = run?.jobs && pickJob(run.jobs.filter(({ state }) => state === "failure" || state === "lost"));
  return job;
}

/** What a step itself named as the error. */
function annotated(job: Job | undefined): string | undefined {
  const all = job?.steps?.flatMap(({ annotations = [] }) => annotations) ?? [];
  return all.findLast(({ level }) => level === "error")?.message.split("\n")[0];
}
