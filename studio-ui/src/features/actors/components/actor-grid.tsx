import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { Rows } from "../model/held-order";
import type { Sort } from "../model/search";
import type { Range } from "../use-actors";
import { useHeldOrder } from "../use-held-order";
import styles from "./actor-grid.module.css";
import { ActorRow } from "./actor-row";
import { GridHead } from "./grid-head";

const ROW_HEIGHT = 32;
const PAGE = 15;

type ActorGridProps = {
  /** How many rows the list has; `rows` holds those near what is in sight. */
  count: number;
  rows: Rows;
  /** Names the list, which begins anew when it is another. */
  list: string;
  sort: Sort;
  selected: string | undefined;
  onSort: (sort: Sort) => void;
  onSelect: (id: string | undefined) => void;
  onRange: (range: Range) => void;
};

type Current = { id: string | undefined; place: number };

/** The list as a grid: only the rows in sight exist. Arrow keys move, Enter opens. */
export function ActorGrid({ count, rows: told, list, sort, selected, onSort, onSelect, onRange }: ActorGridProps) {
  const { shown: rows, held, onPointerMove, onPointerLeave } = useHeldOrder(told, sort, list);
  const scroll = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState<Current | undefined>(undefined);
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    scrollPaddingStart: ROW_HEIGHT,
    overscan: 8,
  });

  // Whoever closes the panel by its button goes on in the list.
  const before = useRef(selected);
  useEffect(() => {
    const closed = before.current !== undefined && selected === undefined;
    before.current = selected;
    if (closed && document.activeElement === document.body) scroll.current?.focus({ preventScroll: true });
  }, [selected]);

  const items = virtualizer.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  const say = useRef(onRange);
  useEffect(() => {
    say.current = onRange;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list has been asked for from its start.
  useEffect(() => say.current({ first, last }), [first, last, list]);

  const at = current === undefined ? -1 : placeOf(current, rows, count);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    if (event.key === "Enter" && at >= 0) onSelect(rows.get(at)?.id);
    else {
      const to = target(event.key, at, count);
      if (to === undefined) return;
      setCurrent({ id: rows.get(to)?.id, place: to });
      virtualizer.scrollToIndex(to);
    }
    event.preventDefault();
  };

  const isShown = items.some((item) => item.index === at && rows.has(at));
  return (
    <div
      ref={scroll}
      role="grid"
      aria-label="Actors"
      aria-rowcount={count + 1}
      aria-activedescendant={isShown ? rowId(at) : undefined}
      tabIndex={0}
      className={styles.grid}
      onKeyDown={onKeyDown}
      onPointerMove={onPointerMove}
      onPointerLeave={onPointerLeave}
    >
      <GridHead sort={sort} held={held} onSort={onSort} />
      <div role="rowgroup" className={styles.body} style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => {
          const actor = rows.get(item.index);
          if (actor === undefined) return <BlankRow key={item.index} position={item.index + 2} top={item.start} />;
          return (
            <ActorRow
              key={item.index}
              id={rowId(item.index)}
              actor={actor}
              position={item.index + 2}
              top={item.start}
              current={item.index === at}
              selected={actor.id === selected}
              onSelect={onSelect}
            />
          );
        })}
      </div>
    </div>
  );
}

/** A place whose actor is on its way. */
function BlankRow({ position, top }: { position: number; top: number }) {
  return (
    <div
      role="row"
      aria-rowindex={position}
      data-blank
      className={styles.row}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div role="gridcell" aria-busy>
        …
      </div>
    </div>
  );
}

/** Where the chosen actor stands now; while it is not in sight, where it was. */
function placeOf({ id, place }: Current, rows: Rows, count: number): number {
  if (id !== undefined && rows.get(place)?.id !== id) {
    for (const [other, row] of rows) if (row.id === id) return other;
  }
  return Math.min(place, count - 1);
}

function rowId(index: number): string {
  return `actor-row-${index}`;
}

/** Where a key leads from a row; -1 is before the first. */
function target(key: string, at: number, count: number): number | undefined {
  if (count === 0) return undefined;
  const steps: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + PAGE,
    PageUp: at - PAGE,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined ? undefined : Math.min(Math.max(to, 0), count - 1);
}
