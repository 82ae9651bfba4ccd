import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo } from "react";
import { isUnknownHere } from "../../api/inside-queries";
import { runQuery } from "../../api/queries";
import type { Job, Run } from "../../api/types";
import { formatCount } from "../../lib/format";
import { runState } from "../../lib/jobs";
import { load } from "../../lib/load";
import { CopyLink } from "../../ui/copy-link";
import { MOST_NODES } from "../../ui/job-graph/limits";
import { EmptyNote, ErrorNote, LoadingNote, TooMuchNote } from "../../ui/notes";
import { Page, Panel } from "../../ui/page";
import { StateWord } from "../../ui/state-word";
import { Annotations } from "./components/annotations";
import { Pauses } from "./components/pauses";
import { RerunButtons, RerunNote, useRerun } from "./components/rerun";
import { CancelButton, CancelNote, RunFacts, useCancel } from "./components/run-head";
import { RunJobs } from "./components/run-jobs";
import styles from "./components/run-page.module.css";
import { RunViews } from "./components/run-views";
import { Summaries } from "./components/summaries";
import { Waterfall } from "./components/waterfall";
import { findingsOf } from "./model/findings";
import { jobTree, lineOf, type TreeNode } from "./model/job-tree";
import { useShownJob } from "./use-shown-job";

const RunGraph = lazy(() =>
  load(() => import("./components/run-graph")).then((module) => ({ default: module.RunGraph })),
);
const NONE: readonly Job[] = [];

export function RunPage() {
  const { runId } = useParams({ from: "/runs/$runId" });
  const run = useQuery(runQuery(runId));
  if (run.data) return <RunView key={runId} run={run.data} />;
  return (
    <Page title="Run">
      <Panel label="Run">
        {isUnknownHere(run.error) ? (
          <EmptyNote title={`There is no run ${runId}.`}>
            <p className="dim">It may have been removed, or the address was cut.</p>
            <p>
              <Link to="/runs">All runs</Link>
            </p>
          </EmptyNote>
        ) : run.error ? (
          <ErrorNote title={`Run ${runId} could not be read.`} error={run.error} onRetry={() => void run.refetch()} />
        ) : (
          <LoadingNote what="the run" />
        )}
      </Panel>
    </Page>
  );
}

function RunView({ run }: { run: Run }) {
  const { job: named, view } = useSearch({ from: "/runs/$runId" });
  const navigate = useNavigate({ from: "/runs/$runId" });
  const cancel = useCancel(run);
  const rerun = useRerun(run);
  const jobs = run.jobs ?? NONE;
  const job = useShownJob(jobs, named);
  const nodes = useMemo(() => jobTree(jobs), [jobs]);
  const findings = useMemo(() => findingsOf(jobs), [jobs]);
  const shownId = job?.id;
  const selected = useMemo(() => lineOf(jobs, shownId), [jobs, shownId]);
  const select = useCallback((id: string) => void navigate({ search: { job: id }, replace: true }), [navigate]);
  return (
    <Page
      title={run.number === undefined ? run.workflow.name : `${run.workflow.name} #${run.number}`}
      aside={
        <span role="status">
          <StateWord state={runState(run)} />
        </span>
      }
      actions={
        <>
          <CopyLink run={run.runId} />
          <CancelButton run={run} cancel={cancel} />
          <RerunButtons run={run} rerun={rerun} />
          {cancel.barred !== undefined && <span className="dim">{cancel.barred}</span>}
        </>
      }
      fill
    >
      <RunFacts run={run} />
      <CancelNote run={run} cancel={cancel} />
      <RerunNote rerun={rerun} />
      <Pauses run={run.runId} state={run.state} jobs={jobs} />
      {run.jobs === undefined || jobs.length === 0 ? (
        <Panel label="Jobs">
          <EmptyNote title={run.jobs ? "This run has no jobs." : "The jobs of this run are not known yet."} />
        </Panel>
      ) : (
        <>
          <Panel label="Graph of jobs" className={styles.graph}>
            <Graph nodes={nodes} selected={selected} onSelect={select} />
          </Panel>
          <RunViews run={run.runId} view={view} findings={findings} />
          {view === undefined && (
            <RunJobs run={run.runId} jobs={jobs} nodes={nodes} selected={selected} job={job} onSelect={select} />
          )}
          {view === "waterfall" && (
            <Panel label="Waterfall" className={styles.scrolled}>
              <Waterfall run={run} />
            </Panel>
          )}
          {view === "annotations" && (
            <Panel label="Annotations" className={styles.scrolled}>
              <Annotations run={run.runId} annotations={findings.annotations} />
            </Panel>
          )}
          {view === "summary" && (
            <Panel label="Summary" className={styles.scrolled}>
              <Summaries summaries={findings.summaries} />
            </Panel>
          )}
        </>
      )}
    </Page>
  );
}

type GraphProps = {
  nodes: readonly TreeNode[];
  selected: ReadonlySet<string>;
  onSelect: (id: string) => void;
};

function Graph(props: GraphProps) {
  const { length } = props.nodes;
  if (length > MOST_NODES) {
    return (
      <TooMuchNote>
        {formatCount(length)} jobs are too many for a picture (at most {formatCount(MOST_NODES)}); the list has them
        all.
      </TooMuchNote>
    );
  }
  return (
    <Suspense fallback={<LoadingNote what="the graph" />}>
      <RunGraph {...props} />
    </Suspense>
  );
}
