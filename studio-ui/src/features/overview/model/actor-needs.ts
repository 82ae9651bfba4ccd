/** What lints and statuses say about actors, said once each. */

import type { Lint } from "../../../api/inside";
import type { ActorRecord } from "../../../api/types";

/** Actors of one status that somebody should look at. */
export type Silent = { status: "failed" | "stale"; total: number; first: readonly ActorRecord[] };

/** A sentence for a place behind the name that it is about: that is not said twice. */
export function withoutName(sentence: string, name: string | null | undefined): string {
  if (!name) return sentence;
  const start = [`${name} `, `\`${name}\` `].find((start) => sentence.startsWith(start));
  return start === undefined ? sentence : sentence.slice(start.length);
}

/** Lints about an actor that has failed, or all of whose kind have, say more than its status alone: the status gives way. */
export function withoutLinted(silent: Silent, lints: readonly Lint[]): Silent {
  const linted = new Set(lints.flatMap(({ actor }) => (actor ? [actor] : [])));
  const first = silent.first.filter(({ id }) => !linted.has(id));
  return { ...silent, first, total: silent.total - (silent.first.length - first.length) };
}
