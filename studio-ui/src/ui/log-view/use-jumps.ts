/** Takes the reader to the lines that the address names, and to the step that was asked for. */

import { type RefObject, useEffect, useRef } from "react";
import type { Place } from "../../lib/logs/find-step";
import type { Range } from "../../lib/logs/folds";
import type { LogBuffer } from "../../lib/logs/log-buffer";
import type { Rows } from "../../lib/logs/rows";
import type { StepOrder } from "../../lib/steps";

/** A place of a step to go to. Nobody asked for one that is `offered`: who reads elsewhere stays there. */
export type GoTo = Place & { offered?: boolean };

export type Align = "start" | "center" | "end";

type Jumps = {
  buffer: LogBuffer;
  rows: RefObject<Rows>;
  /** Whether there is anything to go to. */
  known: boolean;
  marked: Range | undefined;
  /** What the reader chose here: they see it, and are taken nowhere. */
  chosen: RefObject<Range | undefined>;
  goTo: GoTo | undefined;
  order: StepOrder;
  /** Whether the reader goes along with the end. */
  following: RefObject<boolean>;
  scrollTo: (row: number, align: Align, offered: boolean) => void;
};

export function useJumps({ buffer, rows, known, marked, chosen, goTo, order, following, scrollTo }: Jumps): void {
  useEffect(() => {
    if (!known || marked === undefined || isSame(marked, chosen.current)) return;
    // One line with what is around it, of several as much as there is room for.
    scrollTo(rows.current.rowOfLine(marked.first), marked.first === marked.last ? "center" : "start", false);
  }, [known, marked, chosen, rows, scrollTo]);
  const latestOrder = useRef(order);
  latestOrder.current = order;
  useEffect(() => {
    // A step of a job whose log is only being opened is gone to as soon as there is a log.
    if (goTo === undefined || !known) return;
    const { offered = false, end = false, since } = goTo;
    if (offered && !following.current) return;
    let over = false;
    const order = latestOrder.current;
    const isIt = (step: string) => order.isWithin(step, goTo.step);
    const row = end || since !== undefined ? undefined : rows.current.rowOfStep(isIt);
    if (row !== undefined) scrollTo(row, "start", offered);
    else {
      void buffer.findStep(goTo, order).then((found) => {
        if (over || found === undefined || (offered && !following.current)) return;
        scrollTo(rows.current.rowOfLine(found), end ? "end" : "start", offered);
      });
    }
    return () => {
      over = true;
    };
  }, [buffer, known, goTo, rows, following, scrollTo]);
}

function isSame(one: Range, other: Range | undefined): boolean {
  return one.first === other?.first && one.last === other.last;
}
