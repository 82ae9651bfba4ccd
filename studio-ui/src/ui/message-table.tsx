import type { MessageRow } from "../api/inside";
import { formatCount, formatMillis, formatRate, UNKNOWN } from "../lib/format";
import styles from "./message-table.module.css";
import { Name } from "./name";
import { EmptyNote } from "./notes";
import table from "./table.module.css";

/** Messages by type: how many, how often, what went wrong, and how long they waited and took. */
export function MessageTable({ rows }: { rows: readonly MessageRow[] }) {
  if (rows.length === 0) return <EmptyNote title="No message has been handled." />;
  const sorted = [...rows].sort((a, b) => (b.rate ?? 0) - (a.rate ?? 0) || b.handled - a.handled);
  return (
    <div className={`${table.scroll} ${styles.messages}`}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col" className={table.grow}>
              Message
            </th>
            <th scope="col" className={table.number}>
              Rate
            </th>
            <th scope="col" className={table.number}>
              Handled
            </th>
            <th scope="col" className={table.number}>
              Errors
            </th>
            <th scope="col" className={`${table.number} ${table.wide}`}>
              Asked
            </th>
            <th scope="col" className={`${table.number} ${table.wide}`}>
              Lost
            </th>
            <th scope="col" className={`${table.number} ${table.wide}`}>
              Waiting <Of />
            </th>
            <th scope="col" className={`${table.number} ${table.wide}`}>
              Handling <Of />
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={row.type} data-message={row.type}>
              <th scope="row" className={table.grow}>
                <Name of={row.type} cut mono />
              </th>
              <td className={table.number}>{formatRate(row.rate)}</td>
              <td className={table.number}>{formatCount(row.handled)}</td>
              <td className={table.number} data-bad={(row.errors ?? 0) > 0 || undefined}>
                {formatCount(row.errors)}
              </td>
              <td className={`${table.number} ${table.wide}`}>{formatCount(row.asked)}</td>
              <td className={`${table.number} ${table.wide}`} title="reached no handler, or was given up by who asked">
                {formatCount((row.dead ?? 0) + (row.cancelled ?? 0))}
              </td>
              <td className={`${table.number} ${table.wide}`}>
                <Percentiles of={row.waitMs} />
              </td>
              <td className={`${table.number} ${table.wide}`}>
                <Percentiles of={row.handleMs} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Which figures [`Percentiles`] are. */
export function Of() {
  return (
    <>
      <span className={styles.outer}>p50 · </span>p95<span className={styles.outer}> · p99</span>
    </>
  );
}

/** Three times; where there is little room the middle one, which alone says most. */
export function Percentiles({ of }: { of: MessageRow["waitMs"] }) {
  if (of === undefined || of === null) return UNKNOWN;
  return (
    <>
      <span className={styles.outer}>{formatMillis(of.p50)} · </span>
      {formatMillis(of.p95)}
      <span className={styles.outer}> · {formatMillis(of.p99)}</span>
    </>
  );
}
