/** Where the time of a run went: each job as a stretch of the whole, with what it waited before. */

import type { Job } from "../../../api/types";
import { working } from "../../../lib/jobs";

export type Bar = {
  job: Job;
  /** In milliseconds since the first thing in the run happened. */
  ready: number;
  from: number;
  to: number;
};

export type Waterfall = {
  /** How long all of it took so far, in milliseconds. */
  span: number;
  /** In the order in which they started. */
  bars: readonly Bar[];
  /** Jobs that have not run, or never will. */
  without: readonly Job[];
};

/** `begin` is when the run was made, `now` stands in for ends that are still to come. */
export function waterfallOf(jobs: readonly Job[], begin: string | undefined, now: number): Waterfall {
  const own = working(jobs);
  const ran = own.filter((job) => job.startedAt !== undefined && job.reused === undefined);
  const starts = [begin, ...ran.map((job) => job.startedAt)].flatMap((at) => moment(at) ?? []);
  const zero = Math.min(...starts);
  const ends = new Map(jobs.map((job) => [job.id, moment(job.finishedAt)]));
  const bars = ran
    .map((job): Bar => {
      const from = moment(job.startedAt) ?? zero;
      // It could have begun when the last of those it needs had ended.
      const needed = (job.needs ?? []).flatMap((need) => ends.get(need) ?? []);
      const ready = Math.min(from, Math.max(zero, moment(begin) ?? zero, ...needed));
      const to = Math.max(from, moment(job.finishedAt) ?? now);
      return { job, ready: ready - zero, from: from - zero, to: to - zero };
    })
    .sort((a, b) => a.from - b.from || a.ready - b.ready);
  return {
    span: Math.max(1, ...bars.map(({ to }) => to)),
    bars,
    without: own.filter((job) => !ran.includes(job)),
  };
}

function moment(at: string | undefined): number | undefined {
  const millis = Date.parse(at ?? "");
  return Number.isNaN(millis) ? undefined : millis;
}
