import { type CSSProperties, type MouseEvent, memo } from "react";
import type { RateLine } from "../../../api/inside";
import { formatCount } from "../../../lib/format";
import { visible } from "../../../lib/visible";
import { Icon } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import { Rate } from "../../../ui/rate";
import { StateWord } from "../../../ui/state-word";
import { belowOf } from "../model/tree";
import type { TreeRow } from "../use-tree";
import styles from "./actor-tree.module.css";

type TreeItemProps = {
  id: string;
  row: TreeRow;
  /** What it did lately, once that is known. */
  line: RateLine | undefined;
  top: number;
  /** Its place among the lines of the tree, from 0. */
  place: number;
  current: boolean;
  /** Whether its panel is open. */
  open: boolean;
  onFold: (place: number, id: string) => void;
  onSelect: (place: number, id: string) => void;
};

/** An actor in its place. What is folded away below it is counted, with the worst of its states. */
export const TreeItem = memo(function TreeItem(props: TreeItemProps) {
  const { id, row, line, top, place, current, open, onFold, onSelect } = props;
  const { actor, level, children } = row;
  const fold = (event: MouseEvent) => {
    event.stopPropagation();
    onFold(place, row.id);
  };
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus, and says which line is meant.
    // biome-ignore lint/a11y/useKeyWithClickEvents: and the keys.
    <div
      id={id}
      role="treeitem"
      aria-level={level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-expanded={children > 0 ? row.open : undefined}
      aria-selected={open}
      data-current={current}
      data-actor={actor.id}
      data-matches={row.matches}
      className={styles.line}
      style={{ transform: `translateY(${top}px)`, "--level": level } as CSSProperties}
      onClick={() => onSelect(place, row.id)}
    >
      {children > 0 ? (
        <span className={styles.fold} data-fold={row.open ? "open" : "closed"} onClick={fold} aria-hidden>
          <Icon name={row.open ? "unfolded" : "folded"} size={14} />
        </span>
      ) : (
        <span className={styles.fold} />
      )}
      <StateWord state={actor.status ?? "unknown"} iconOnly />
      <span className={styles.name}>
        <Name of={actor.id} cut mono />
      </span>
      {row.uprooted && <Uprooted row={row} />}
      {children > 0 && !row.open && <Below row={row} />}
      <span className={`${styles.type} cut`}>
        <Name of={actor.type} cut />
      </span>
      <span className={styles.rate}>
        <Rate perSecond={actor.rates?.messages} line={line} />
      </span>
      <span className={styles.queue}>
        {formatCount(actor.queueDepth)}
        <span className="visually-hidden"> in its queue</span>
      </span>
    </div>
  );
});

/** Why it stands at the top. */
function Uprooted({ row: { uprooted, actor } }: { row: TreeRow }) {
  const parent = visible(actor.parentId ?? "");
  const [word, why] = reason(uprooted, parent);
  return (
    <span className={styles.note} data-uprooted={uprooted} title={why}>
      {word}
    </span>
  );
}

function reason(uprooted: string | null | undefined, parent: string): [word: string, why: string] {
  switch (uprooted) {
    case "cycle":
      return ["in a circle", `${parent} is named as its parent, and stands below it`];
    case "left_out":
      return [
        "parent not shown",
        `${parent} is named as its parent, and there is no room for it in the tree: filter it`,
      ];
    default:
      return ["parent unknown", `${parent} is named as its parent, and not known here`];
  }
}

function Below({ row }: { row: TreeRow }) {
  const { count, worst } = belowOf(row.below);
  return (
    <span className={styles.below} data-below={count}>
      {formatCount(count)} below
      {worst && (
        <span className={styles.worst} data-worst={worst.state}>
          <StateWord state={worst.state} iconOnly />
          {formatCount(worst.count)}
        </span>
      )}
    </span>
  );
}
