/** One line of a log is a stop of the keyboard, however many there are; arrows go from it to the next. */

import { type FocusEvent, type KeyboardEvent, type RefObject, useLayoutEffect, useRef, useState } from "react";
import type { Rows } from "../../lib/logs/rows";
import { lineFrom } from "./stop";

type Stops = {
  scroll: RefObject<HTMLElement | null>;
  rows: Rows;
  /** Rows that are drawn, and the first of them in sight. */
  drawn: readonly { index: number }[];
  inSight: number;
  /** A line that the address points at. */
  marked: number | undefined;
  goTo: (row: number) => void;
};

export type Stop = {
  /** The line that is the stop. */
  line: number;
  onFocus: (event: FocusEvent) => void;
  onKeyDown: (event: KeyboardEvent) => void;
};

export function useStop({ scroll, rows, drawn, inSight, marked, goTo }: Stops): Stop {
  const [last, setLast] = useState<number | undefined>(undefined);
  const wanted = useRef<number | undefined>(undefined);
  useLayoutEffect(() => {
    if (wanted.current === undefined) return;
    const link = scroll.current?.querySelector<HTMLElement>(`[data-line="${wanted.current}"] a`);
    if (!link) return;
    wanted.current = undefined;
    link.focus({ preventScroll: true });
  });
  const [top, bottom] = [drawn[0]?.index ?? 0, drawn.at(-1)?.index ?? 0];
  const isDrawn = (line: number | undefined): line is number => {
    const row = line === undefined ? -1 : rows.rowOfLine(line);
    return row >= top && row <= bottom && rows.at(row).line === line;
  };
  // Where the keyboard was; else what somebody was sent to; else what is in sight.
  const line = [last, marked].find(isDrawn) ?? rows.at(Math.min(Math.max(inSight, top), bottom)).line;
  return {
    line,
    onFocus: (event) => {
      const at = lineOf(event.target);
      if (at !== undefined) setLast(at);
    },
    onKeyDown: (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      const at = lineOf(event.target);
      const to = at === undefined ? undefined : lineFrom(rows, at, event.key);
      if (to === undefined) return;
      event.preventDefault();
      wanted.current = to;
      setLast(to);
      goTo(rows.rowOfLine(to));
    },
  };
}

function lineOf(target: EventTarget): number | undefined {
  const line = target instanceof Element ? target.closest<HTMLElement>("[data-line]")?.dataset.line : undefined;
  return line === undefined ? undefined : Number(line);
}
