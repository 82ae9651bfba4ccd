import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useRates } from "../../../lib/use-rates";
import type { WindowSeconds } from "../../../lib/window";
import { type Current, placeOf, target } from "../model/current";
import type { Rows } from "../model/held-order";
import type { Sort } from "../model/search";
import type { Range } from "../use-actors";
import type { Choice } from "../use-choice";
import { useHeldOrder } from "../use-held-order";
import { useFocusBack, useRangeInSight, useSlots } from "../use-in-sight";
import styles from "./actor-grid.module.css";
import { ActorRow } from "./actor-row";
import { GridHead } from "./grid-head";

const ROW_HEIGHT = 32;

type ActorGridProps = {
  /** How many rows the list has; `rows` holds those near what is in sight. */
  count: number;
  rows: Rows;
  /** Names the list, which begins anew when it is another. */
  list: string;
  sort: Sort;
  /** Over which time rates are drawn. */
  seconds: WindowSeconds;
  /** Who is chosen for an order to many; undefined for those who may order nothing. */
  choice: Choice | undefined;
  /** The actor whose panel is open. */
  selected: string | undefined;
  onSort: (sort: Sort) => void;
  onSelect: (id: string | undefined) => void;
  onRange: (range: Range) => void;
};

/**
 * The list as a grid: only the rows in sight exist. Arrow keys move, Enter opens. Space chooses, with Shift also the arrows do, and
 * Ctrl-A chooses all.
 */
export function ActorGrid(props: ActorGridProps) {
  const { count, rows: told, list, sort, seconds, choice, selected, onSort, onSelect, onRange } = props;
  const { shown: rows, held, onPointerMove, onPointerLeave } = useHeldOrder(told, sort, list);
  const scroll = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState<Current | undefined>(undefined);
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    scrollPaddingStart: ROW_HEIGHT,
    overscan: 4,
  });

  useFocusBack(scroll, selected !== undefined || (choice?.chosen.size ?? 0) > 0);
  const items = virtualizer.getVirtualItems();
  useRangeInSight(items, list, onRange);
  const slotOf = useSlots(items);

  const inSight = items.flatMap((item) => rows.get(item.index)?.id ?? []);
  const lines = useRates("actors", inSight, seconds);

  const at = current === undefined ? -1 : placeOf(current, rows, count);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    if (event.key === "Enter" && at >= 0) onSelect(rows.get(at)?.id);
    else if (choice && chosenBy(event, choice, rows, at)) event.stopPropagation();
    else {
      const to = target(event.key, at, count);
      if (to === undefined) return;
      setCurrent({ id: rows.get(to)?.id, place: to });
      virtualizer.scrollToIndex(to);
      if (event.shiftKey && at >= 0) choice?.extend(to, rows, at);
    }
    event.preventDefault();
  };
  const latest = useRef({ choice, rows, onSelect });
  useEffect(() => {
    latest.current = { choice, rows, onSelect };
  });
  const [onClick] = useState(() => (place: number, { shift, adds }: { shift: boolean; adds: boolean }) => {
    const { choice, rows, onSelect } = latest.current;
    setCurrent({ id: rows.get(place)?.id, place });
    if (choice && shift) choice.extend(place, rows);
    else if (choice && adds) choice.toggle(place, rows);
    else onSelect(rows.get(place)?.id);
  });

  const isShown = items.some((item) => item.index === at && rows.has(at));
  return (
    <div
      ref={scroll}
      role="grid"
      aria-label="Actors"
      aria-rowcount={count + 1}
      aria-multiselectable={choice !== undefined || undefined}
      data-choosing={choice !== undefined || undefined}
      aria-activedescendant={isShown ? rowId(at) : undefined}
      tabIndex={0}
      className={styles.grid}
      onKeyDown={onKeyDown}
      onPointerMove={onPointerMove}
      onPointerLeave={onPointerLeave}
    >
      <GridHead sort={sort} held={held} onSort={onSort} choice={choice} count={count} />
      <div role="rowgroup" className={styles.body} style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => {
          const actor = rows.get(item.index);
          return (
            <ActorRow
              key={slotOf(item.index)}
              id={rowId(item.index)}
              actor={actor}
              line={actor && lines.get(actor.id)}
              position={item.index + 2}
              top={item.start}
              current={item.index === at}
              open={actor !== undefined && actor.id === selected}
              chosen={choice && actor !== undefined && choice.chosen.has(actor.id)}
              place={item.index}
              onClick={onClick}
            />
          );
        })}
      </div>
    </div>
  );
}

/** Chooses by keyboard, where that is what a key is for. */
function chosenBy(event: KeyboardEvent, choice: Choice, rows: Rows, at: number): boolean {
  if (event.key === " " && at >= 0) {
    if (event.shiftKey) choice.extend(at, rows);
    else choice.toggle(at, rows);
  } else if (event.key === "a" && (event.ctrlKey || event.metaKey)) choice.all();
  else if (event.key === "Escape" && choice.chosen.size > 0) choice.clear();
  else return false;
  return true;
}

function rowId(index: number): string {
  return `actor-row-${index}`;
}
