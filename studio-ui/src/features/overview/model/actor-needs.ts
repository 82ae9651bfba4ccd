/** What lints and statuses say about actors, said once each. */

import type { Lint } from "../../../api/inside";
import type { ActorRecord } from "../../../api/types";

/** Actors of one status that somebody should look at. */
export type Silent = { status: "failed" | "stale"; total: number; first: readonly ActorRecord[] };

/** Lints about an actor that has failed, or all of whose kind have, say more than its status alone: the status gives way. */
export function withoutLinted(silent: Silent, lints: readonly Lint[]): Silent {
  const linted = new Set(lints.flatMap(({ actor }) => (actor ? [actor] : [])));
  const first = silent.first.filter(({ id }) => !linted.has(id));
  return { ...silent, first, total: silent.total - (silent.first.length - first.length) };
}
