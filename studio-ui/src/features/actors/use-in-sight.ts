import { type RefObject, useEffect, useRef } from "react";
import type { Range } from "./use-actors";

/** Says which places are in sight whenever these are others, and again for another `list`, which has been asked for from its start. */
export function useRangeInSight(
  items: readonly { index: number }[],
  list: string,
  onRange: (range: Range) => void,
): void {
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  const say = useRef(onRange);
  useEffect(() => {
    say.current = onRange;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list is told of once more.
  useEffect(() => say.current({ first, last }), [first, last, list]);
}

/** Whoever closes what lay beside the list, by its button, goes on in the list. */
export function useFocusBack(scroll: RefObject<HTMLElement | null>, isOpen: boolean): void {
  const before = useRef(isOpen);
  useEffect(() => {
    const closed = before.current && !isOpen;
    before.current = isOpen;
    if (closed && document.activeElement === document.body) scroll.current?.focus({ preventScroll: true });
  }, [scroll, isOpen]);
}
