import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useRates } from "../../../lib/use-rates";
import type { WindowSeconds } from "../../../lib/window";
import { type Current, placeOf, target } from "../model/current";
import { typedTo } from "../model/tree";
import { useFocusBack, useRangeInSight, useSlots } from "../use-in-sight";
import type { Tree } from "../use-tree";
import styles from "./actor-tree.module.css";
import { TreeItem } from "./tree-item";

const ROW_HEIGHT = 32;
/** Letters that follow each other within this time are one word. */
const TYPING_MS = 600;

type ActorTreeProps = {
  tree: Tree;
  /** Over which time rates are drawn. */
  seconds: WindowSeconds;
  /** The actor whose panel is open. */
  selected: string | undefined;
  onSelect: (id: string) => void;
};

/**
 * Who started whom: only the lines in sight exist. Up and down move, right opens, left closes or goes to the parent, `*` opens all
 * beside, letters go to a name, Enter opens the actor's panel.
 */
export function ActorTree({ tree, seconds, selected, onSelect }: ActorTreeProps) {
  const { rows, total, list, onRange, fold } = tree;
  const scroll = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState<Current | undefined>(undefined);
  const typed = useRef({ text: "", at: 0 });
  const virtualizer = useVirtualizer({
    count: total,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 4,
  });

  useFocusBack(scroll, selected !== undefined);
  const items = virtualizer.getVirtualItems();
  useRangeInSight(items, list, onRange);
  const slotOf = useSlots(items);
  const lines = useRates(
    "actors",
    items.flatMap((item) => rows.get(item.index)?.id ?? []),
    seconds,
  );

  const at = current === undefined ? -1 : placeOf(current, rows, total);
  const go = (to: number | null | undefined) => {
    if (to === undefined || to === null) return;
    setCurrent({ id: rows.get(to)?.id, place: to });
    virtualizer.scrollToIndex(to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    const line = rows.get(at);
    const { key } = event;
    const isLetter =
      key.length === 1 && key !== " " && key !== "*" && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (key === "Enter" && line) onSelect(line.id);
    else if (key === "ArrowRight" && line) {
      if (line.children > 0) line.open ? go(at + 1) : fold(line.id);
    } else if (key === "ArrowLeft" && line) {
      if (line.open) fold(line.id);
      else go(line.above);
    } else if (key === "*" && line) tree.open([...rows.values()].filter(({ above }) => above === line.above));
    else if (isLetter) {
      const now = event.timeStamp;
      const text = now - typed.current.at < TYPING_MS ? typed.current.text + key : key;
      typed.current = { text, at: now };
      go(typedTo(rows, at, text));
    } else {
      const to = target(key, at, total);
      if (to === undefined) return;
      go(to);
    }
    event.preventDefault();
  };

  const latest = useRef({ fold, onSelect });
  useEffect(() => {
    latest.current = { fold, onSelect };
  });
  const [{ onFold, onClick }] = useState(() => ({
    onFold: (place: number, id: string) => {
      setCurrent({ id, place });
      latest.current.fold(id);
    },
    onClick: (place: number, id: string) => {
      setCurrent({ id, place });
      latest.current.onSelect(id);
    },
  }));

  const isShown = items.some((item) => item.index === at && rows.has(at));
  return (
    <div
      ref={scroll}
      role="tree"
      aria-label="Actors by who started them"
      aria-activedescendant={isShown ? lineId(at) : undefined}
      tabIndex={0}
      className={styles.tree}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" className={styles.body} style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => {
          const row = rows.get(item.index);
          if (row === undefined) return null;
          return (
            <TreeItem
              key={slotOf(item.index)}
              id={lineId(item.index)}
              row={row}
              line={lines.get(row.id)}
              top={item.start}
              current={item.index === at}
              open={row.id === selected}
              place={item.index}
              onFold={onFold}
              onSelect={onClick}
            />
          );
        })}
      </div>
    </div>
  );
}

function lineId(index: number): string {
  return `actor-line-${index}`;
}
