import { type RefObject, useEffect, useRef, useState } from "react";
import type { Range } from "./use-actors";

/** While somebody scrolls on, what passes by is not asked for more often than this. */
const SAY_EVERY_MS = 150;

/**
 * Says which places are in sight whenever these are others: at once, and while they change on and on, now and then and at the end.
 * Says it again for another `list`, which has been asked for from its start.
 */
export function useRangeInSight(
  items: readonly { index: number }[],
  list: string,
  onRange: (range: Range) => void,
): void {
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  const [teller] = useState(() => new Teller());
  useEffect(() => {
    teller.say = onRange;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list is told of once more.
  useEffect(() => teller.at({ first, last }), [teller, first, last, list]);
  useEffect(() => () => teller.stop(), [teller]);
}

/** Passes on the last of many. */
class Teller {
  say: (range: Range) => void = () => {};
  #next: Range | undefined;
  #pause: ReturnType<typeof setTimeout> | undefined;

  at(range: Range): void {
    this.#next = range;
    if (this.#pause === undefined) this.#pass();
  }

  stop(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }

  #pass(): void {
    this.#pause = undefined;
    if (this.#next === undefined) return;
    const range = this.#next;
    this.#next = undefined;
    this.#pause = setTimeout(() => this.#pass(), SAY_EVERY_MS);
    this.say(range);
  }
}

/** Places that are drawn together are kept in multiples of this many slots. */
const SLOTS = 16;

/**
 * Keys for rows in sight: whoever scrolls on sees the same few elements with others' words in them, which costs a fraction of new
 * ones. `items` follow each other without a hole.
 */
export function useSlots(items: readonly unknown[]): (index: number) => number {
  const [slots, setSlots] = useState(SLOTS);
  const needed = Math.ceil(items.length / SLOTS) * SLOTS;
  if (needed > slots) setSlots(needed);
  return (index) => index % Math.max(slots, needed);
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
