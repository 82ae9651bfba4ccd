/** Finds where a step begins in a log of any length by halving it: steps write one after the other. */

import type { LogLine } from "../../api/types";

/** Lines that are read at each place; Loom's notes among them belong to no step. */
const LOOK = 20;

/** The first line of a step, or nothing when it wrote none. `read` gives the lines from a number on. */
export async function findStep(
  step: number,
  total: number,
  read: (from: number, limit: number) => Promise<readonly LogLine[]>,
): Promise<number | undefined> {
  let low = 1;
  let high = total + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = (await read(middle, LOOK)).find((line) => line.step !== undefined);
    if (found?.step !== undefined && found.step < step) low = found.line + 1;
    else high = middle;
  }
  if (low > total) return undefined;
  return (await read(low, LOOK)).find((line) => line.step === step)?.line;
}
