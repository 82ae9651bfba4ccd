import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { runQuery } from "../api/queries";
import type { Job } from "../api/types";

/** A job that is reused, as it ran in an earlier attempt of its run. */
export type Reused = {
  /** With the attempt at it that has its log; without steps until they are known. */
  job: Job;
  /** Whether its steps are still asked for. */
  pending: boolean;
  /** Why the run in which it ran could not be read. */
  error: Error | null;
};

/** What a job did that did not run in this attempt of its run: its steps are in the run in which it ran. */
export function useReused(job: Job | undefined): Reused | undefined {
  const from = job?.reused;
  const { data, isPending, error } = useQuery({ ...runQuery(from?.run ?? ""), enabled: from !== undefined });
  const there = data?.jobs?.find(({ id }) => id === job?.id);
  return useMemo(() => {
    if (job?.reused === undefined) return undefined;
    const attempt = Math.max(1, job.reused.jobAttempt ?? 1);
    const reason = job.reason ?? there?.reason;
    const ran = { ...job, attempt, steps: there?.steps ?? [], ...(reason && { reason }) };
    return { job: ran, pending: isPending && error === null, error: data === undefined ? error : null };
  }, [job, there, data, isPending, error]);
}
