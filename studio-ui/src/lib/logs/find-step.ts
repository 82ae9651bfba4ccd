/** Finds a step in a log of any length by halving it: steps write one after the other. */

import type { LogLine } from "../../api/types";
import type { StepOrder } from "../steps";

/** Lines that are read at each place; Loom's notes among them belong to no step. */
const LOOK = 20;
/** Lines that are read around the place that halving led to. */
const AROUND = 500;

/** A place of a step: where it begins, where an attempt at it begins, or its last line. */
export type Place = { step: string; since?: string | undefined; end?: boolean | undefined };

export type Read = (from: number, limit: number) => Promise<readonly LogLine[]>;

/** The line of such a place, or nothing when the step and those below it wrote none. `read` gives the lines from a number on. */
export async function findStep(place: Place, order: StepOrder, total: number, read: Read): Promise<number | undefined> {
  const { step, since, end = false } = place;
  const isIt = (line: LogLine) => line.step !== undefined && order.isWithin(line.step, step);
  const { first, last } = order.span(step) ?? { first: 0, last: 0 };
  const edge = end ? last + 1 : first;
  const isBefore = (line: LogLine) => {
    if (since !== undefined) return line.timestamp !== undefined && line.timestamp < since;
    return line.step !== undefined && (order.rank(line.step) ?? -1) < edge;
  };
  // Halving leads near the place, even where steps wrote at the same time.
  const near = await halved(total, read, isBefore);
  const lines = await read(Math.max(1, near - AROUND / 2), AROUND);
  if (end) return lines.findLast(isIt)?.line;
  return lines.find((line) => isIt(line) && (since === undefined || !isBefore(line)))?.line;
}

/** The first line behind all that are before a place. */
async function halved(total: number, read: Read, isBefore: (line: LogLine) => boolean): Promise<number> {
  let low = 1;
  let high = total + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = (await read(middle, LOOK)).find((line) => line.step !== undefined);
    // Whatever is answered, it gets on.
    if (found !== undefined && isBefore(found)) low = Math.max(found.line, middle) + 1;
    else high = middle;
  }
  return low;
}
