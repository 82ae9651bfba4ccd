import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { workflowsQuery } from "../../../api/queries";
import type { RunSummary } from "../../../api/types";
import { formatDuration, plural, runNumber, UNKNOWN } from "../../../lib/format";
import { durationOf, successShare, usualMillis } from "../../../lib/history";
import { runState } from "../../../lib/jobs";
import { useRuns } from "../../../lib/use-runs";
import { Name } from "../../../ui/name";
import { NoWorkflows } from "../../../ui/no-runs";
import { EmptyNote, ErrorNote, LoadingNote, TooMuchNote } from "../../../ui/notes";
import { Panel } from "../../../ui/page";
import { stateLook } from "../../../ui/state-look";
import { StateWord } from "../../../ui/state-word";
import { handleOf, spokenName } from "../model";
import { useStart } from "../use-start";
import { StartButton, type StartButtonProps, StartNote } from "./start-button";
import { StartForm } from "./start-form";
import styles from "./workflow-bars.module.css";

/** Each asks for its own runs: more workflows than this are for their own page. */
const MOST_WORKFLOWS = 12;
const BARS = 30;

/** How each workflow has done lately, and its start: its last runs as bars, how many succeed, how long it takes. */
export function WorkflowBars() {
  const workflows = useQuery(workflowsQuery);
  const start = useStart();
  const [asking, setAsking] = useState<string | undefined>(undefined);
  const all = workflows.data ?? [];
  const list = all.filter(({ onlyCalled }) => !onlyCalled);
  return (
    <Panel
      label="Workflows"
      head={
        <>
          <h2>
            <Link to="/workflows">Workflows</Link>
          </h2>
          {list.length > 0 && <span className="dim">last {BARS} runs</span>}
          {all.length > 0 && (
            <Button component={Link} to="/workflows/edit" variant="default" size="compact-sm" className={styles.right}>
              New workflow
            </Button>
          )}
        </>
      }
    >
      {workflows.error && (
        <ErrorNote
          title="The workflows could not be read."
          error={workflows.error}
          onRetry={() => void workflows.refetch()}
        />
      )}
      <StartNote start={start} />
      {workflows.isPending && <LoadingNote what="workflows" />}
      {list.length > MOST_WORKFLOWS && (
        <TooMuchNote>
          The first {MOST_WORKFLOWS} of {plural(list.length, "workflow")}. <Link to="/workflows">All of them</Link>
        </TooMuchNote>
      )}
      {workflows.data?.length === 0 && <NoWorkflows />}
      {all.length > 0 && list.length === 0 && (
        <EmptyNote title="The workflows here are only called by others.">
          <p>
            <Link to="/workflows">Those that are here</Link>
          </p>
        </EmptyNote>
      )}
      {list.length > 0 && (
        <ul className={styles.list}>
          {list.slice(0, MOST_WORKFLOWS).map((workflow) => (
            <Row
              key={workflow.file}
              workflow={workflow}
              handle={handleOf(workflow, all)}
              spoken={spokenName(workflow, all)}
              start={start}
              asking={asking === workflow.file}
              onAsk={() => setAsking(asking === workflow.file ? undefined : workflow.file)}
            />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Row(props: StartButtonProps) {
  const { workflow, handle, spoken, start, asking, onAsk } = props;
  const { runs, total, error } = useRuns(handle);
  const newest = runs.slice(0, BARS);
  const share = successShare(newest);
  const usual = usualMillis(newest);
  return (
    <li data-workflow={workflow.name}>
      <div className={styles.row}>
        <Link to="/runs" search={{ workflow: handle }} className={styles.name}>
          <Name of={workflow.name} cut />
        </Link>
        <Bars runs={newest} />
        <span className={styles.figures}>
          {error ? (
            <span className="dim">could not be read</span>
          ) : workflow.state === "invalid" ? (
            <StateWord state="invalid" />
          ) : total === 0 ? (
            <span className="dim">has not run yet</span>
          ) : (
            <>
              <span className={styles.figure} title="successes among the runs that ended">
                {share === undefined ? UNKNOWN : `${Math.round(100 * share)} %`}
              </span>
              <span className={`${styles.figure} dim`} title="what a success usually takes">
                {usual === undefined ? UNKNOWN : `~${formatDuration(usual)}`}
              </span>
            </>
          )}
        </span>
        <span className={styles.start}>
          <StartButton {...props} />
        </span>
      </div>
      {asking && workflow.inputs && (
        <div className={styles.form}>
          <StartForm
            spoken={spoken}
            file={workflow.file}
            inputs={workflow.inputs}
            pending={start.pending.has(handle)}
            onStart={(given) => start.give(handle, given)}
            onClose={onAsk}
          />
        </div>
      )}
    </li>
  );
}

/** The oldest to the left; as high as the run was long, among these. */
function Bars({ runs }: { runs: readonly RunSummary[] }) {
  const longest = Math.max(1, ...runs.map((run) => durationOf(run) ?? 0));
  return (
    <span className={styles.bars}>
      {runs.toReversed().map((run) => {
        const took = durationOf(run);
        const state = runState(run);
        const words = `${state}${took === undefined ? "" : `, ${formatDuration(took)}`}`;
        return (
          <Link
            key={run.runId}
            to="/runs/$runId"
            params={{ runId: run.runId }}
            // A glance, not a way: thirty stops of the keyboard a row would be in everybody's way, and the history has them all.
            tabIndex={-1}
            className={styles.bar}
            data-tone={stateLook(state).tone}
            title={`${runNumber(run)}: ${words}`}
            aria-label={`Run ${runNumber(run)}: ${words}`}
          >
            <span style={{ height: `${20 + (80 * (took ?? longest / 2)) / longest}%` }} />
          </Link>
        );
      })}
    </span>
  );
}
