/** Search in the log that is shown: what is sought, the lines that match, and the way from one to the next. */

import { type KeyboardEvent, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { Sought } from "../../api/types";
import { type FindLines, type FindState, has, LogFind, needleOf, nextHit, placeOf } from "../../lib/logs/find";
import type { Range } from "../../lib/logs/folds";

/** How long somebody stops typing before it is searched for. */
const TYPING_MS = 200;
const NOTHING: Sought = { text: "", regex: false, sensitive: false };

export type Find = {
  sought: Sought;
  onChange: (sought: Sought) => void;
  state: FindState;
  /** Which of the hits the address points at, from 0. */
  current: number | undefined;
  isHit: (line: number) => boolean;
  needle: RegExp | undefined;
  onStep: (by: 1 | -1) => void;
  field: React.RefObject<HTMLInputElement | null>;
  onKeyDown: (event: KeyboardEvent) => void;
};

/** `reading`: the first line in sight; `goTo` shows a line. */
export function useFind(
  find: FindLines,
  total: number,
  marked: Range | undefined,
  reading: () => number | undefined,
  goTo: (line: number) => void,
): Find {
  const log = useMemo(() => new LogFind(find), [find]);
  const state = useSyncExternalStore(log.state.subscribe, log.state.get);
  const [sought, setSought] = useState(NOTHING);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => log.grown(total), [log, total]);
  useEffect(() => {
    const timer = setTimeout(() => log.seek(sought), sought.text === "" ? 0 : TYPING_MS);
    return () => clearTimeout(timer);
  }, [log, sought]);
  useEffect(() => () => log.close(), [log]);
  useEffect(() => {
    const onKeyDown = (event: globalThis.KeyboardEvent) => {
      const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
      if (key.toLowerCase() !== "f" || ctrlKey === metaKey || altKey || shiftKey || event.defaultPrevented) return;
      // A second time it is the browser's own search; and what lies over the page is searched by the browser.
      if (document.activeElement === field.current || document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
  const { lines } = state;
  const one = marked?.first === marked?.last ? marked?.first : undefined;
  const current = one !== undefined && has(lines, one) ? placeOf(lines, one) : undefined;
  const onStep = (by: 1 | -1) => {
    const top = reading() ?? 1;
    const to = nextHit(lines, current === undefined ? (by === 1 ? top - 1 : top) : (one ?? top), by);
    if (to !== undefined) goTo(to);
  };
  return {
    sought,
    onChange: setSought,
    state,
    current,
    isHit: (line) => has(lines, line),
    needle: useMemo(() => needleOf(state.sought), [state.sought]),
    onStep,
    field,
    onKeyDown: (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        onStep(event.shiftKey ? -1 : 1);
      } else if (event.key === "Escape" && sought.text !== "") {
        event.preventDefault();
        setSought({ ...sought, text: "" });
      }
    },
  };
}
