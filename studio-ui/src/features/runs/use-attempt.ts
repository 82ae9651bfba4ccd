import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { attemptQuery } from "../../api/queries";
import type { Job } from "../../api/types";

/** An attempt at a job before its newest one. */
export type Attempted = {
  number: number;
  /** The job as it was then; without steps until they are known. */
  job: Job;
};

/** The attempt that the address names, if another one followed it. */
export function useAttempt(run: string, job: Job | undefined, named: number | undefined): Attempted | undefined {
  const known = job?.earlier?.find(({ attempt }) => attempt === named);
  const { data } = useQuery({ ...attemptQuery(run, job?.id ?? "", named ?? 0), enabled: known !== undefined });
  return useMemo(() => {
    if (job === undefined || known === undefined) return undefined;
    // How it stands now is not how it stood then.
    const { reason: _, pauses: __, outputs: ___, startedAt: ____, finishedAt: _____, ...rest } = job;
    return {
      number: known.attempt,
      job: { ...rest, ...known, state: known.state ?? "failure", steps: data?.steps ?? [] },
    };
  }, [job, known, data]);
}
