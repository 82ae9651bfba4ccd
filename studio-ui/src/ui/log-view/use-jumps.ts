/** Takes the reader to the line that the address names, and to the step that was asked for. */

import { type RefObject, useEffect, useRef } from "react";
import type { LogBuffer } from "../../lib/logs/log-buffer";
import type { Rows } from "../../lib/logs/rows";
import type { StepOrder } from "../../lib/steps";

type Jumps = {
  buffer: LogBuffer;
  rows: RefObject<Rows>;
  /** Whether there is anything to go to. */
  known: boolean;
  line: number | undefined;
  goTo: { step: string } | undefined;
  order: StepOrder;
  scrollTo: (row: number, align: "start" | "center") => void;
};

export function useJumps({ buffer, rows, known, line, goTo, order, scrollTo }: Jumps): void {
  useEffect(() => {
    if (known && line !== undefined) scrollTo(rows.current.rowOfLine(line), "center");
  }, [known, line, rows, scrollTo]);
  const latestOrder = useRef(order);
  latestOrder.current = order;
  useEffect(() => {
    // A step of a job whose log is only being opened is gone to as soon as there is a log.
    if (goTo === undefined || !known) return;
    let over = false;
    const order = latestOrder.current;
    const row = rows.current.rowOfStep((step) => order.isWithin(step, goTo.step));
    if (row !== undefined) scrollTo(row, "start");
    else {
      void buffer.findStep(goTo.step, order).then((found) => {
        if (!over && found !== undefined) scrollTo(rows.current.rowOfLine(found), "start");
      });
    }
    return () => {
      over = true;
    };
  }, [buffer, known, goTo, rows, scrollTo]);
}
