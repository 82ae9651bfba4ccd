/** Why a job has not begun, in words. */

import type { Job } from "../../../api/types";
import { isOver } from "../../../ui/state-look";

/** Needs that are named; of more, only how many there are. */
const MOST = 3;

export function waitOf(job: Job, jobs: ReadonlyMap<string, Job>): string | undefined {
  if (job.state !== "waiting" && job.state !== "queued") return undefined;
  const last = job.earlier?.at(-1)?.attempt;
  if (last !== undefined && last === (job.attempt ?? 1)) return `waits to be tried again, as attempt ${last + 1}`;
  if (job.waitsFor !== undefined) return `waits for the concurrency group “${job.waitsFor}”`;
  const open = (job.needs ?? []).filter((need) => !isOver(jobs.get(need)?.state ?? "waiting"));
  if (open.length > 0) return `waits for ${listed(open.map((need) => jobs.get(need)?.name ?? need))}`;
  // A matrix may run only so many at a time; which of the two limits it is, nobody tells.
  const parent = jobs.get(job.parent ?? "");
  if (parent !== undefined && !isOver(parent.state)) return `waits for its turn in ${parent.name}`;
  return job.state === "queued" ? "waits for a free place" : "waits for the run to begin";
}

function listed(names: readonly string[]): string {
  const named = names.slice(0, MOST).join(", ");
  return names.length > MOST ? `${named} and ${names.length - MOST} more` : named;
}
