/** Keeps what was gone to in sight while the page around it still takes its shape, until the reader does anything. */

import { type RefObject, useCallback, useEffect, useRef } from "react";

/** What a reader does to go elsewhere. */
const DOINGS = ["wheel", "touchmove", "pointerdown", "keydown"] as const;

/**
 * `isThere` says whether the list is there at all. What is returned goes to a place now, and again whenever the list or the page
 * gets another size; `whole` brings the list itself into sight too, where it stands below others.
 */
export function useTarget(
  scroll: RefObject<HTMLElement | null>,
  isThere: boolean,
): (go: () => void, whole: boolean) => void {
  const target = useRef<(() => void) | undefined>(undefined);
  useEffect(() => {
    const list = scroll.current;
    if (!list || !isThere) return;
    const observer = new ResizeObserver(() => target.current?.());
    observer.observe(list);
    // What comes above the list moves it, and changes only the page.
    const page = list.closest("main")?.firstElementChild;
    for (const part of page ? [page, ...page.children] : []) observer.observe(part);
    const release = () => {
      target.current = undefined;
    };
    for (const doing of DOINGS) window.addEventListener(doing, release, { capture: true, passive: true });
    return () => {
      observer.disconnect();
      for (const doing of DOINGS) window.removeEventListener(doing, release, { capture: true });
    };
  }, [scroll, isThere]);
  return useCallback(
    (go: () => void, whole: boolean) => {
      target.current = () => {
        go();
        if (whole) scroll.current?.scrollIntoView?.({ block: "nearest" });
      };
      target.current();
    },
    [scroll],
  );
}
