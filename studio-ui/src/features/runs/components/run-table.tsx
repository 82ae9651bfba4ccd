import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactNode, useRef } from "react";
import type { RunSummary } from "../../../api/types";
import { shortId, UNKNOWN } from "../../../lib/format";
import { runState } from "../../../lib/jobs";
import { visible } from "../../../lib/visible";
import { Icon } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import { StateWord } from "../../../ui/state-word";
import table from "../../../ui/table.module.css";
import { Age, Elapsed } from "../../../ui/time";
import styles from "./run-table.module.css";

const ROW_HEIGHT = 32;
const COLUMNS = 8;

type RunTableProps = { runs: readonly RunSummary[] /** Below the last row. */; foot: ReactNode };

/** The history as a table of which only the rows in sight exist; two empty rows hold the place of the others. */
export function RunTable({ runs, foot }: RunTableProps) {
  const scroll = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: runs.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 20,
  });
  const items = virtualizer.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <section ref={scroll} aria-label="Runs" tabIndex={0} className={table.scroll} data-keeps-place>
      <table className={table.table} aria-rowcount={runs.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col">State</th>
            <th scope="col" className={table.grow}>
              Workflow
            </th>
            <th scope="col">Run</th>
            <th scope="col" className={table.wider}>
              Event
            </th>
            <th scope="col" className={table.wider}>
              Branch
            </th>
            <th scope="col" className={table.wider}>
              Started by
            </th>
            <th scope="col" className={table.number}>
              Started
            </th>
            <th scope="col" className={`${table.number} ${table.wide}`}>
              Duration
            </th>
          </tr>
        </thead>
        <tbody>
          <Gap height={above} />
          {items.map(({ index }) => {
            const run = runs[index];
            return run && <RunRow key={run.runId} run={run} position={index + 2} />;
          })}
          <Gap height={below} />
        </tbody>
      </table>
      {foot}
    </section>
  );
}

function Gap({ height }: { height: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden className={table.gap}>
      <td colSpan={COLUMNS} style={{ height }} />
    </tr>
  );
}

/** Its number, and where there is room the id; where nobody knows the number, a part of the id. */
function RunName({ run }: { run: RunSummary }) {
  if (run.number === undefined) return <span title={run.runId}>{shortId(run.runId)}</span>;
  return (
    <span title={run.runId}>
      #{run.number}
      <span className={`${table.wide} ${styles.id}`}>{shortId(run.runId)}</span>
    </span>
  );
}

const RunRow = memo(function RunRow({ run, position }: { run: RunSummary; position: number }) {
  return (
    <tr data-run={run.runId} aria-rowindex={position}>
      <td>
        <StateWord state={runState(run)} />
      </td>
      <th scope="row" className={table.grow}>
        <span className={styles.name}>
          <Link to="/runs/$runId" params={{ runId: run.runId }}>
            <Name of={run.workflow.name} cut />
          </Link>
          {run.title !== undefined && (
            <span className={`${table.wide} ${styles.title}`} title={visible(run.title)}>
              {visible(run.title)}
            </span>
          )}
          <Link
            to="/runs"
            search={{ workflow: run.workflow.file ?? run.workflow.name }}
            className={styles.only}
            aria-label={`Only runs of ${visible(run.workflow.name)}`}
            title="Only its runs"
          >
            <Icon name="filter" size={14} />
          </Link>
        </span>
      </th>
      <td className="mono">
        <RunName run={run} />
        {run.attempt !== undefined && run.attempt > 1 && <span className={styles.attempt}>attempt {run.attempt}</span>}
      </td>
      <td className={table.wider}>{run.event ?? UNKNOWN}</td>
      <td className={table.wider}>
        <Name of={run.branch ?? UNKNOWN} cut />
      </td>
      <td className={table.wider}>{run.actor === undefined ? UNKNOWN : visible(run.actor)}</td>
      <td className={table.number}>
        <Age of={run.startedAt ?? run.createdAt} />
      </td>
      <td className={`${table.number} ${table.wide}`}>
        <Elapsed from={run.startedAt} to={run.finishedAt} />
      </td>
    </tr>
  );
});
