/** What may be drawn over the lines of a picture, and where it lies: places from 0 to 1. */

import type { Scale } from "../../lib/trends/scale";
import type { Steps } from "./cursor";

/** A value that lines are compared with. */
export type Level = { name: string; value: number };
/** Moments in milliseconds since 1970; without an end it goes on. */
export type Stretch = { from: number; to?: number | undefined };

export type TrendMarks = { levels: readonly Level[]; stretches: readonly Stretch[] };

/** Narrower than this nobody sees it. */
const LEAST_WIDTH = 0.004;

/** The greatest that has to have room: of what is measured and what it is compared with. */
export function mostWith(most: number | undefined, marks: TrendMarks | undefined): number | undefined {
  const values = [most, ...(marks?.levels ?? []).map(({ value }) => value)];
  const known = values.filter((value) => value !== undefined && Number.isFinite(value)) as number[];
  return known.length === 0 ? undefined : Math.max(...known);
}

export function levelsWithin(levels: readonly Level[], { top }: Scale): (Level & { share: number })[] {
  return levels
    .filter(({ value }) => value >= 0 && value <= top)
    .map(({ name, value }) => ({ name, value, share: value / top }));
}

export function stretchesWithin(
  stretches: readonly Stretch[],
  { from, to }: Pick<Steps, "from" | "to">,
): { left: number; width: number }[] {
  const length = to - from;
  if (length <= 0) return [];
  return stretches.flatMap((stretch) => {
    const [begin, end] = [Math.max(from, stretch.from), Math.min(to, stretch.to ?? to)];
    if (begin > to || end < from || end < begin) return [];
    const width = Math.max(LEAST_WIDTH, (end - begin) / length);
    return [{ left: Math.min((begin - from) / length, 1 - width), width }];
  });
}
