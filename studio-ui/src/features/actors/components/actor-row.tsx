import { memo } from "react";
import type { ActorRecord } from "../../../api/types";
import styles from "./actor-grid.module.css";
import { COLUMNS } from "./columns";

type ActorRowProps = {
  id: string;
  actor: ActorRecord;
  /** Its place among all rows, the head being 1. */
  position: number;
  top: number;
  current: boolean;
  selected: boolean;
  onSelect: (id: string) => void;
};

export const ActorRow = memo(function ActorRow(props: ActorRowProps) {
  const { id, actor, position, top, current, selected, onSelect } = props;
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={position}
      aria-selected={selected}
      data-current={current}
      data-actor={actor.id}
      className={styles.row}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onSelect(actor.id)}
    >
      {COLUMNS.map((column) => (
        <div key={column.key} role="gridcell" data-column={column.key} data-numeric={column.numeric} className="cut">
          {column.cell(actor)}
        </div>
      ))}
    </div>
  );
});
