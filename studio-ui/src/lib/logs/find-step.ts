/** Finds where a step begins in a log of any length by halving it: steps write one after the other. */

import type { LogLine } from "../../api/types";
import type { StepOrder } from "../steps";

/** Lines that are read at each place; Loom's notes among them belong to no step. */
const LOOK = 20;
/** Lines that are read around the place that halving led to. */
const AROUND = 500;

/** The first line of a step or of one below it, or nothing when they wrote none. `read` gives the lines from a number on. */
export async function findStep(
  step: string,
  order: StepOrder,
  total: number,
  read: (from: number, limit: number) => Promise<readonly LogLine[]>,
): Promise<number | undefined> {
  const first = order.rank(step) ?? 0;
  let low = 1;
  let high = total + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = (await read(middle, LOOK)).find((line) => line.step !== undefined);
    if (found?.step !== undefined && (order.rank(found.step) ?? -1) < first) low = found.line + 1;
    else high = middle;
  }
  // Halving leads near the place, even where steps wrote at the same time.
  const near = await read(Math.max(1, low - AROUND / 2), AROUND);
  return near.find((line) => line.step !== undefined && order.isWithin(line.step, step))?.line;
}
