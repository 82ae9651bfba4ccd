/** Takes the reader to the line that the address names, and to the step that was asked for. */

import { type RefObject, useEffect } from "react";
import type { LogBuffer } from "../../lib/logs/log-buffer";
import type { Rows } from "../../lib/logs/rows";

type Jumps = {
  buffer: LogBuffer;
  rows: RefObject<Rows>;
  /** Whether there is anything to go to. */
  known: boolean;
  line: number | undefined;
  goTo: { step: number } | undefined;
  scrollTo: (row: number, align: "start" | "center") => void;
};

export function useJumps({ buffer, rows, known, line, goTo, scrollTo }: Jumps): void {
  useEffect(() => {
    if (known && line !== undefined) scrollTo(rows.current.rowOfLine(line), "center");
  }, [known, line, rows, scrollTo]);
  useEffect(() => {
    if (goTo === undefined) return;
    let over = false;
    const row = rows.current.rowOfStep(goTo.step);
    if (row !== undefined) scrollTo(row, "start");
    else {
      void buffer.findStep(goTo.step).then((found) => {
        if (!over && found !== undefined) scrollTo(rows.current.rowOfLine(found), "start");
      });
    }
    return () => {
      over = true;
    };
  }, [buffer, goTo, rows, scrollTo]);
}
