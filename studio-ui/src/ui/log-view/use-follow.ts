/** Follows the end of a growing list until its reader scrolls up, and again when they come back to the end. */

import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

/** How near the end counts as the end; zoomed pages have fractions of pixels. */
const NEAR = 8;

export type Follow = {
  following: boolean;
  /** Lines that came since the reader left the end. */
  fresh: number;
  onScroll: () => void;
  follow: () => void;
  /** Leaves the end; `quietly` when it is not the reader's own doing. */
  leave: (quietly?: boolean) => void;
};

type State = {
  following: boolean;
  /** Lines there were when the reader was last known at the end, or first looked. */
  seen: number | undefined;
};

export function useFollow(
  scroll: RefObject<HTMLElement | null>,
  total: number,
  rows: number,
  atStart: boolean,
  onLeave?: () => void,
): Follow {
  const [{ following, seen }, setState] = useState<State>({ following: atStart, seen: undefined });
  const latest = useRef({ total, onLeave });
  latest.current = { total, onLeave };

  const follow = useCallback(() => setState({ following: true, seen: undefined }), []);
  const leave = useCallback((quietly = false) => {
    setState((before) => (before.following ? { following: false, seen: latest.current.total } : before));
    if (!quietly) latest.current.onLeave?.();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a changed count of rows is the reason to scroll.
  useLayoutEffect(() => {
    const element = scroll.current;
    if (!element) return;
    if (following) element.scrollTop = element.scrollHeight;
    // All of it is in sight, so its end is too.
    else if (element.clientHeight > 0 && element.scrollHeight <= element.clientHeight) follow();
  }, [scroll, rows, following, follow]);

  // The end stays in sight when what is around the list takes room from it, or gives it some.
  const isThere = rows > 0;
  useEffect(() => {
    const element = scroll.current;
    if (!element || !following || !isThere) return;
    const observer = new ResizeObserver(() => {
      element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroll, following, isThere]);

  if (!following && seen === undefined && total > 0) setState({ following, seen: total });

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
  return { following, fresh: total - (seen ?? total), onScroll, follow, leave };
}
