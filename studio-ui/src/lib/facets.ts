/** What there is to choose among: types and states of all actors, as the studio counts them for everybody. */

import type { Metrics } from "../api/types";

export type Tally = { word: string; count: number };

export type Facets = {
  types: readonly Tally[];
  /** Of the application's actors, how many have which status. */
  statuses: readonly Tally[];
  /** How many are plumbing, shown or not. */
  plumbing: number;
  /** All of them, plumbing too; unknown until the studio has counted. */
  all: number | undefined;
};

export function facetsOf(metrics: Metrics | undefined): Facets {
  const pools = metrics?.actorPools;
  return {
    types: tallies(pools?.byType),
    statuses: tallies(pools?.byStatus),
    plumbing: pools?.systemActors ?? 0,
    all: pools?.totalActors,
  };
}

function tallies(counts: Readonly<Record<string, number>> = {}): Tally[] {
  const sorted = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([word, count]) => ({ word, count }));
}
