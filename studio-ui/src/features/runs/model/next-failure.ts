/** Going from one job that went wrong to the next. */

import type { Job } from "../../../api/types";
import { working } from "../../../lib/jobs";

export type NextFailure = { job: Job /** How many went wrong. */; count: number };

/** The failed job behind the one in sight, the first behind the last; nothing where that is the only one. */
export function nextFailure(jobs: readonly Job[], shown: string | undefined): NextFailure | undefined {
  const all = working(jobs);
  const failed = all.filter(({ state }) => state === "failure" || state === "lost");
  const here = all.findIndex(({ id }) => id === shown);
  const job = failed.find((one) => all.indexOf(one) > here) ?? failed[0];
  return job === undefined || job.id === shown ? undefined : { job, count: failed.length };
}
