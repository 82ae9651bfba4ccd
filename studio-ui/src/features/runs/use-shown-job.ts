import { useState } from "react";
import type { Job } from "../../api/types";
import { namedJob, nextJob } from "../../lib/jobs";

/**
 * The job whose log is shown. An address that names a job shows that one or none: another one's log would be taken for it.
 * Of a group it is one of its jobs, and without a name one of all; it may go on to another while the run does.
 */
export function useShownJob(jobs: readonly Job[], named: string | undefined): Job | undefined {
  const [shown, setShown] = useState<string | undefined>(undefined);
  const job = named === undefined ? nextJob(jobs, shown) : namedJob(jobs, named, shown);
  if (job && job.id !== shown) setShown(job.id);
  return job;
}
