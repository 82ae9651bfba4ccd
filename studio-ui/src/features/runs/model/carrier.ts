/** Which actor carries out a run, or a job of it: it says so in its metadata. */

import type { ActorRecord } from "../../../api/types";

/** How an actor that has ended is called, while the studio still knows it. */
const ENDED: readonly string[] = ["stopped", "failed"];

/** One that lives before one that has ended, of those the last: of several tries at a job that is the newest. */
export function carrierOf(actors: readonly ActorRecord[], run: string, job?: string): ActorRecord | undefined {
  const fitting = actors.filter(({ metadata }) => metadata?.run === run && metadata.job === job);
  return fitting.findLast(({ status }) => !ENDED.includes(status ?? "")) ?? fitting.at(-1);
}
