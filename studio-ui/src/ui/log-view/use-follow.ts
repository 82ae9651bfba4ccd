/** Follows the end of a growing list until its reader scrolls up, and again when they come back to the end. */

import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";

/** How near the end counts as the end; zoomed pages have fractions of pixels. */
const NEAR = 8;

export type Follow = {
  following: boolean;
  /** Lines there were when the reader left the end. */
  seen: number;
  onScroll: () => void;
  follow: () => void;
  leave: () => void;
};

export function useFollow(
  scroll: RefObject<HTMLElement | null>,
  total: number,
  rows: number,
  atStart: boolean,
): Follow {
  const [state, setState] = useState({ following: atStart, seen: 0 });
  const latest = useRef(total);
  latest.current = total;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a changed count of rows is the reason to scroll.
  useLayoutEffect(() => {
    const element = scroll.current;
    if (element && state.following) element.scrollTop = element.scrollHeight;
  }, [scroll, rows, state.following]);

  const leave = useCallback(() => {
    setState((before) => (before.following ? { following: false, seen: latest.current } : before));
  }, []);
  const follow = useCallback(() => setState({ following: true, seen: 0 }), []);
  const lastTop = useRef(0);
  const onScroll = useCallback(() => {
    const element = scroll.current;
    if (!element) return;
    const atEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - NEAR;
    const up = element.scrollTop < lastTop.current;
    lastTop.current = element.scrollTop;
    // Only going up leaves: a list that grew between our scrolling and its event is not the reader's doing.
    if (atEnd) follow();
    else if (up) leave();
  }, [scroll, follow, leave]);
  return { ...state, onScroll, follow, leave };
}
