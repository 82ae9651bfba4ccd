/** The moment that all pictures of a page show, and the stretch that is being chosen in one of them. */

import { Store } from "../../lib/store";

export type CursorAt = {
  /** In milliseconds since 1970. */
  at: number;
  /** The picture that has the pointer or the keyboard. */
  panel: string;
  /** Where the stretch began that is being chosen. */
  anchor?: number | undefined;
  /** Moved by keys: what it stands on is said. */
  isSpoken: boolean;
};

export type TrendCursor = Store<CursorAt | undefined>;

export function newCursor(): TrendCursor {
  return new Store<CursorAt | undefined>(undefined);
}

/** Steps as they are drawn. */
export type Steps = { from: number; to: number; step: number };

export function countOf({ from, to, step }: Steps): number {
  return Math.max(0, Math.round((to - from) / step));
}

/** The step that a moment is in, or the nearest that is drawn. */
export function indexAt(steps: Steps, at: number): number {
  const index = Math.round((at - steps.from) / steps.step);
  return Math.min(Math.max(0, countOf(steps) - 1), Math.max(0, index));
}

export function momentOf({ from, step }: Steps, index: number): number {
  return from + index * step;
}

/** The moment at a place between the left end of a picture (0) and its right end (1). */
export function momentAt(steps: Steps, share: number): number {
  return momentOf(steps, indexAt(steps, steps.from + share * (steps.to - steps.from)));
}

/** The place of a moment, from 0 to 1; undefined where it is not in the picture. */
export function shareOf({ from, to }: Steps, at: number): number | undefined {
  return at < from || at > to || to <= from ? undefined : (at - from) / (to - from);
}

/** Where a key moves the cursor to: by one step, by a tenth of the picture, to its ends. Undefined for other keys. */
export function moved(steps: Steps, at: number | undefined, key: string): number | undefined {
  const last = countOf(steps) - 1;
  if (last < 0) return undefined;
  const tenth = Math.max(1, Math.round(last / 10));
  const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -tenth, PageDown: tenth, Home: -last, End: last }[key];
  if (by === undefined) return undefined;
  // The first key goes to the newest, from which most look back.
  if (at === undefined) return momentOf(steps, key === "Home" ? 0 : last);
  return momentOf(steps, Math.min(last, Math.max(0, indexAt(steps, at) + by)));
}
