import { Icon } from "../../../ui/icon";
import { type Sort, sortKey, toggleSort } from "../model/search";
import styles from "./actor-grid.module.css";
import { COLUMNS } from "./columns";

type GridHeadProps = {
  sort: Sort;
  /** Rows keep their places while the pointer is over them. */
  held: boolean;
  onSort: (sort: Sort) => void;
};

/** The heads of the columns; a click sorts, a second one turns the order round. */
export function GridHead({ sort, held, onSort }: GridHeadProps) {
  const down = sort.startsWith("-");
  return (
    <div role="rowgroup" className={styles.head}>
      <div role="row" aria-rowindex={1} className={styles.row}>
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
}
