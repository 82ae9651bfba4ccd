/** What is counted of actors on every page: those of the application, without the plumbing of libraries. */

import type { Metrics } from "../api/types";

/** How many there are. */
export function applicationActors({ actorPools }: Metrics): number {
  return Math.max(0, Number(actorPools.totalActors) - Number(actorPools.systemActors ?? 0));
}

/** How many of them have a status; none where the studio counts others. */
export function ofStatus({ actorPools }: Metrics, status: string): number {
  return actorPools.byStatus?.[status] ?? 0;
}
