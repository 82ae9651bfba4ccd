import { Link } from "@tanstack/react-router";
import type { RunSummary } from "../../../api/types";
import { elapsed, formatDuration, plural, runNumber } from "../../../lib/format";
import { usualMillis, workflowOf } from "../../../lib/history";
import { runState } from "../../../lib/jobs";
import { useToldNow } from "../../../lib/use-live";
import { Name } from "../../../ui/name";
import { NoRuns } from "../../../ui/no-runs";
import { ErrorNote, LoadingNote, TooMuchNote } from "../../../ui/notes";
import { Panel } from "../../../ui/page";
import { StateWord } from "../../../ui/state-word";
import { Elapsed } from "../../../ui/time";
import styles from "./running-panel.module.css";

/** More than this is a list, which has a page of its own. */
const MOST_RUNNING = 8;
const GOING = ["queued", "waiting", "running"];

type RunningPanelProps = {
  runs: readonly RunSummary[];
  loaded: boolean;
  error: Error | null;
  retry: () => void;
};

/** What runs now, and how far it is against the time it usually takes. */
export function RunningPanel({ runs, loaded, error, retry }: RunningPanelProps) {
  const going = runs.filter(({ state }) => GOING.includes(state));
  return (
    <Panel
      label="Running"
      head={
        <>
          <h2>
            <Link to="/runs">Running</Link>
          </h2>
          {going.length > 0 && <span className="dim">{plural(going.length, "run")}</span>}
        </>
      }
    >
      {error && <ErrorNote title="The runs could not be read." error={error} onRetry={retry} />}
      {!loaded && !error && <LoadingNote what="runs" />}
      {going.length > MOST_RUNNING && (
        <TooMuchNote>
          The newest {MOST_RUNNING} of {plural(going.length, "run")}.
        </TooMuchNote>
      )}
      {going.length > 0 && (
        <ul className={styles.list}>
          {going.slice(0, MOST_RUNNING).map((run) => (
            <Row
              key={run.runId}
              run={run}
              usual={usualMillis(runs.filter((other) => workflowOf(other) === workflowOf(run)))}
            />
          ))}
        </ul>
      )}
      {loaded && runs.length === 0 && !error && <NoRuns title="Nothing has run yet." />}
      {loaded && runs.length > 0 && going.length === 0 && (
        <p className={styles.none}>
          Nothing runs. <Link to="/workflows">Start a workflow</Link>
        </p>
      )}
    </Panel>
  );
}

function Row({ run, usual }: { run: RunSummary; usual: number | undefined }) {
  return (
    <li className={styles.row} data-run={run.runId}>
      <StateWord state={runState(run)} />
      <Link to="/runs/$runId" params={{ runId: run.runId }} className={styles.name} title={run.runId}>
        <Name of={run.workflow.name} /> {runNumber(run)}
      </Link>
      <Progress run={run} usual={usual} />
      <span className={styles.time}>
        <Elapsed from={run.startedAt} to={run.finishedAt} />
        {usual !== undefined && <span className="dim"> of about {formatDuration(usual)}</span>}
      </span>
    </li>
  );
}

/** How much of the usual time is over; nothing where there is no usual time. */
function Progress({ run, usual }: { run: RunSummary; usual: number | undefined }) {
  const now = useToldNow("second");
  const took = elapsed(run.startedAt, run.finishedAt, now);
  if (usual === undefined || took === undefined) return <span className={styles.track} aria-hidden data-unknown />;
  const late = took > 1.5 * usual;
  return (
    <span className={styles.track} aria-hidden data-late={late || undefined}>
      <span className={styles.done} style={{ width: `${Math.min(100, (100 * took) / usual)}%` }} />
    </span>
  );
}
