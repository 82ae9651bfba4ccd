import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Run } from "../../../api/types";
import { formatCount, formatDuration, plural } from "../../../lib/format";
import { jobState } from "../../../lib/jobs";
import { useToldNow } from "../../../lib/use-live";
import { Name } from "../../../ui/name";
import { EmptyNote } from "../../../ui/notes";
import { stateLook } from "../../../ui/state-look";
import { StateWord } from "../../../ui/state-word";
import table from "../../../ui/table.module.css";
import { type Bar, waterfallOf } from "../model/waterfall";
import styles from "./waterfall.module.css";

const PORTION = 100;

/** Where the time of a run went: how long each job waited and ran, one below the other. */
export function Waterfall({ run }: { run: Run }) {
  const now = useToldNow("second");
  const [most, setMost] = useState(PORTION);
  const { span, bars, without } = waterfallOf(run.jobs ?? [], run.startedAt ?? run.createdAt, now);
  if (bars.length === 0) return <EmptyNote title="No job of this run has begun yet." />;
  return (
    <>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col" className={styles.job}>
              Job
            </th>
            <th scope="col" className={table.wide}>
              State
            </th>
            <th scope="col" className={`${table.number} ${styles.waited}`}>
              Waited
            </th>
            <th scope="col" className={table.number}>
              Took
            </th>
            <th scope="col" className={table.grow}>
              <span className={styles.scale}>
                <span>0</span>
                <span>{formatDuration(span)}</span>
              </span>
            </th>
          </tr>
        </thead>
        <tbody>
          {bars.slice(0, most).map((bar) => (
            <Row key={bar.job.id} run={run.runId} bar={bar} span={span} />
          ))}
        </tbody>
      </table>
      {bars.length > most && (
        <button type="button" className={styles.more} onClick={() => setMost(most + PORTION)}>
          Show {formatCount(Math.min(PORTION, bars.length - most))} more of {formatCount(bars.length)}
        </button>
      )}
      {without.length > 0 && (
        <p className={styles.rest}>
          {plural(without.length, "job")} {without.length === 1 ? "has" : "have"} not run here: skipped, reused, or
          still to come.
        </p>
      )}
    </>
  );
}

function Row({ run, bar: { job, ready, from, to }, span }: { run: string; bar: Bar; span: number }) {
  const share = (millis: number) => `${(100 * millis) / span}%`;
  return (
    <tr data-bar={job.id}>
      <th scope="row" className={styles.job}>
        <Link to="/runs/$runId" params={{ runId: run }} search={{ job: job.id }}>
          <Name of={job.name} cut />
        </Link>
      </th>
      <td className={table.wide}>
        <StateWord state={jobState(job)} />
      </td>
      <td className={`${table.number} ${styles.waited}`}>{formatDuration(from - ready)}</td>
      <td className={table.number}>{formatDuration(to - from)}</td>
      <td className={table.grow} aria-hidden>
        <span className={styles.track}>
          <span className={styles.wait} style={{ left: share(ready), width: share(from - ready) }} />
          <span
            className={styles.run}
            data-tone={stateLook(jobState(job)).tone}
            style={{ left: share(from), width: share(to - from) }}
          />
        </span>
      </td>
    </tr>
  );
}
