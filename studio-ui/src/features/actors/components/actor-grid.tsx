import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { ActorRecord } from "../../../api/types";
import type { Sort } from "../model/search";
import { useHeldOrder } from "../use-held-order";
import styles from "./actor-grid.module.css";
import { ActorRow } from "./actor-row";
import { GridHead } from "./grid-head";

const ROW_HEIGHT = 32;
const PAGE = 15;

type ActorGridProps = {
  rows: readonly ActorRecord[];
  sort: Sort;
  selected: string | undefined;
  onSort: (sort: Sort) => void;
  onSelect: (id: string | undefined) => void;
};

/** The list as a grid: only the rows in sight exist. Arrow keys move, Enter opens. */
export function ActorGrid({ rows: all, sort, selected, onSort, onSelect }: ActorGridProps) {
  const { shown: rows, held, onPointerMove, onPointerLeave } = useHeldOrder(all, sort);
  const scroll = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState<string | undefined>(undefined);
  const virtualizer = useVirtualizer({
    count: rows.length,
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

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    const at = rows.findIndex((row) => row.id === current);
    if (event.key === "Enter" && at >= 0) onSelect(current);
    else {
      const to = target(event.key, at, rows.length);
      if (to === undefined) return;
      setCurrent(rows[to]?.id);
      virtualizer.scrollToIndex(to);
    }
    event.preventDefault();
  };

  const items = virtualizer.getVirtualItems();
  const shown = items.findIndex((item) => rows[item.index]?.id === current);
  return (
    <div
      ref={scroll}
      role="grid"
      aria-label="Actors"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={shown >= 0 ? rowId(items[shown]?.index ?? 0) : undefined}
      tabIndex={0}
      className={styles.grid}
      onKeyDown={onKeyDown}
      onPointerMove={onPointerMove}
      onPointerLeave={onPointerLeave}
    >
      <GridHead sort={sort} held={held} onSort={onSort} />
      <div role="rowgroup" className={styles.body} style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => {
          const actor = rows[item.index];
          return (
            actor && (
              <ActorRow
                key={actor.id}
                id={rowId(item.index)}
                actor={actor}
                position={item.index + 2}
                top={item.start}
                current={actor.id === current}
                selected={actor.id === selected}
                onSelect={onSelect}
              />
            )
          );
        })}
      </div>
    </div>
  );
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
