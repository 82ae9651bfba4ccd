import type { HistoryUnit } from "../../api/history";
import { formatStep, formatValue, isOneDay } from "../../lib/trends/words";
import { Name } from "../name";
import table from "../table.module.css";
import { countOf, momentOf, type Steps } from "./cursor";
import styles from "./panel.module.css";
import type { TrendLine } from "./panels";

/** Rows a plain table holds well. */
const MOST_ROWS = 200;

type TrendTableProps = { title: string; steps: Steps; lines: readonly TrendLine[]; unit: HistoryUnit };

/** The numbers of a picture, the newest first. */
export function TrendTable({ title, steps, lines, unit }: TrendTableProps) {
  const count = countOf(steps);
  const rows = Array.from({ length: Math.min(count, MOST_ROWS) }, (_, row) => count - 1 - row);
  const sameDay = isOneDay(steps.from, steps.to);
  return (
    <section
      className={`${table.scroll} ${styles.numbers}`}
      aria-label={`Numbers of ${title}`}
      tabIndex={0}
      data-scrolls
    >
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {lines.map(({ name }) => (
              <th key={name} scope="col" className={table.number}>
                {lines.length === 1 ? title : <Name of={name} cut />}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((index) => (
            <tr key={momentOf(steps, index)}>
              <th scope="row">{formatStep(momentOf(steps, index), steps.step, sameDay)}</th>
              {lines.map(({ name, values }) => (
                <td key={name} className={table.number}>
                  {formatValue(unit, values[index])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {count > MOST_ROWS && (
        <p className="dim">
          The newest {MOST_ROWS} of {count}. A shorter range has the others.
        </p>
      )}
    </section>
  );
}
