import { memo, useEffect, useRef } from "react";
import { Icon } from "../../../ui/icon";
import { MOST_CHOSEN } from "../model/choice";
import { type Sort, sortKey, toggleSort } from "../model/search";
import type { Choice } from "../use-choice";
import styles from "./actor-grid.module.css";
import { COLUMNS } from "./columns";

type GridHeadProps = {
  sort: Sort;
  /** Rows keep their places while the pointer is over them. */
  held: boolean;
  onSort: (sort: Sort) => void;
  choice: Choice | undefined;
  /** How many rows the list has. */
  count: number;
};

/** The heads of the columns; a click sorts, a second one turns the order round. */
export const GridHead = memo(function GridHead({ sort, held, onSort, choice, count }: GridHeadProps) {
  const down = sort.startsWith("-");
  return (
    <div role="rowgroup" className={styles.head}>
      <div role="row" aria-rowindex={1} className={styles.row}>
        {choice && (
          <div role="columnheader" data-column="choose" className={styles.choose}>
            <ChooseAll choice={choice} count={count} />
          </div>
        )}
        {COLUMNS.map((column) => {
          const sorted = sortKey(sort) === column.key;
          const order = down ? "descending" : "ascending";
          return (
            <div
              key={column.key}
              role="columnheader"
              data-column={column.key}
              aria-sort={sorted ? order : "none"}
              data-numeric={column.numeric}
            >
              <button type="button" onClick={() => onSort(toggleSort(sort, column.key))}>
                {column.head}
                {sorted && <Icon name={down ? "down" : "up"} size={12} />}
                {sorted && held && (
                  <span title="The order is held while the pointer is here" className={styles.held}>
                    <Icon name="pause" size={12} />
                  </span>
                )}
              </button>
            </div>
          );
        })}
      </div>
    </div>
  );
});

/** All that the filter finds, or as many as can be ordered at once; nobody when some are chosen already. */
function ChooseAll({ choice, count }: { choice: Choice; count: number }) {
  const { chosen, all, clear } = choice;
  const box = useRef<HTMLInputElement>(null);
  const most = Math.min(count, MOST_CHOSEN);
  const some = chosen.size > 0 && chosen.size < most;
  useEffect(() => {
    if (box.current) box.current.indeterminate = some;
  }, [some]);
  return (
    <input
      ref={box}
      type="checkbox"
      aria-label={count > MOST_CHOSEN ? `Choose the first ${MOST_CHOSEN} that match` : "Choose all that match"}
      checked={chosen.size > 0 && !some}
      onChange={() => (chosen.size > 0 ? clear() : all())}
    />
  );
}
