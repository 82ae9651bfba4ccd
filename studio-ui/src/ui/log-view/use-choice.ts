/** Choosing several lines of a log: a line's number with Shift, by a click or by the keyboard, takes all up to it. */

import { type KeyboardEvent, type MouseEvent, type RefObject, useRef } from "react";
import type { Range } from "../../lib/logs/folds";
import { stretched } from "../../lib/logs/pointed";

export type Choice = {
  /** What was chosen here last. */
  chosen: RefObject<Range | undefined>;
  onMouseDown: (event: MouseEvent) => void;
  onClick: (event: MouseEvent) => void;
  onKeyDown: (event: KeyboardEvent) => void;
};

export function useChoice(marked: Range | undefined, onChoose: (range: Range) => void): Choice {
  const chosen = useRef<Range | undefined>(undefined);
  const stays = useRef<number | undefined>(undefined);
  const choose = (event: MouseEvent | KeyboardEvent) => {
    const number = onlyShift(event) ? numberAt(event.target) : undefined;
    if (number === undefined) return;
    // The browser would open the link in a window of its own.
    event.preventDefault();
    const { stays: from, ...range } = stretched(marked, stays.current, number.line);
    stays.current = from;
    chosen.current = range;
    number.link.focus({ preventScroll: true });
    onChoose(range);
  };
  return {
    chosen,
    onMouseDown: (event) => {
      // It would select the text up to here.
      if (onlyShift(event) && numberAt(event.target)) event.preventDefault();
    },
    onClick: choose,
    onKeyDown: (event) => {
      if (event.key === "Enter" || event.key === " ") choose(event);
    },
  };
}

function onlyShift(event: MouseEvent | KeyboardEvent): boolean {
  return event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey;
}

/** The number of a line, which is a link, and the line. */
function numberAt(target: EventTarget): { link: HTMLElement; line: number } | undefined {
  const link = target instanceof Element ? target.closest("a") : null;
  const line = Number(link?.closest<HTMLElement>("[data-line]")?.dataset.line);
  return link && line > 0 ? { link, line } : undefined;
}
