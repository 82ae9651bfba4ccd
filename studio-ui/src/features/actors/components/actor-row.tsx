import { type MouseEvent, memo, useRef } from "react";
import type { RateLine } from "../../../api/inside";
import type { ActorRecord } from "../../../api/types";
import { visible } from "../../../lib/visible";
import styles from "./actor-grid.module.css";
import { COLUMNS } from "./columns";

type ActorRowProps = {
  id: string;
  /** Undefined while it is on its way. */
  actor: ActorRecord | undefined;
  /** What it did lately, once that is known. */
  line: RateLine | undefined;
  /** Its place among all rows, the head being 1. */
  position: number;
  /** Its place in the list, from 0. */
  place: number;
  top: number;
  current: boolean;
  /** Whether its panel is open. */
  open: boolean;
  /** Whether it is chosen; undefined where nobody can be. */
  chosen: boolean | undefined;
  onClick: (place: number, how: { shift: boolean; adds: boolean }) => void;
};

export const ActorRow = memo(function ActorRow(props: ActorRowProps) {
  const { id, actor, line, position, place, top, current, open, chosen, onClick } = props;
  // Who scrolls on fast sees places whose actors are on their way: the cells that stood here wait, unseen, for the next.
  const before = useRef<{ actor: ActorRecord; line: RateLine | undefined } | undefined>(undefined);
  if (actor !== undefined) before.current = { actor, line };
  const shown = before.current;
  const choose = (event: MouseEvent) => {
    event.stopPropagation();
    onClick(place, { shift: event.shiftKey, adds: true });
  };
  const named = actor && { id, "aria-selected": chosen ?? open, "data-actor": actor.id };
  return (
    <div
      role="row"
      aria-rowindex={position}
      {...named}
      data-blank={actor === undefined || undefined}
      data-current={current}
      data-open={open}
      className={styles.row}
      style={{ transform: `translateY(${top}px)` }}
      // Shift chooses rows here, and no text.
      onMouseDown={(event) => event.shiftKey && event.preventDefault()}
      onClick={(event) => actor && onClick(place, { shift: event.shiftKey, adds: event.ctrlKey || event.metaKey })}
    >
      {chosen !== undefined && (
        <div role="gridcell" data-column="choose" className={styles.choose} onClick={choose}>
          <input
            type="checkbox"
            tabIndex={-1}
            checked={chosen}
            readOnly
            aria-label={shown && `Choose ${visible(shown.actor.id)}`}
          />
        </div>
      )}
      {shown &&
        COLUMNS.map((column) => (
          <div key={column.key} role="gridcell" data-column={column.key} data-numeric={column.numeric} className="cut">
            {column.cell(shown.actor, shown.line)}
          </div>
        ))}
      {actor === undefined && (
        <div role="gridcell" aria-busy className={styles.blank}>
          …
        </div>
      )}
    </div>
  );
});
