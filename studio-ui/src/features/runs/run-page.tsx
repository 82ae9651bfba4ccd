import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useState } from "react";
import { runQuery } from "../../api/queries";
import type { Job, Run } from "../../api/types";
import { formatCount, plural } from "../../lib/format";
import { nextJob } from "../../lib/jobs";
import { NoSuchJob } from "../../ui/no-such-job";
import { EmptyNote, ErrorNote, LoadingNote, TooMuchNote } from "../../ui/notes";
import { Page, Panel } from "../../ui/page";
import { StateWord } from "../../ui/state-word";
import { JobList } from "./components/job-list";
import { JobLog } from "./components/job-log";
import { CancelButton, CancelNote, RunFacts, useCancel } from "./components/run-head";
import styles from "./components/run-page.module.css";
import { MOST_NODES } from "./model/limits";

const JobGraph = lazy(() => import("./components/job-graph").then((module) => ({ default: module.JobGraph })));
const NONE: readonly Job[] = [];

export function RunPage() {
  const { runId } = useParams({ from: "/runs/$runId" });
  const run = useQuery(runQuery(runId));
  if (run.data) return <RunView key={runId} run={run.data} />;
  return (
    <Page title="Run">
      <Panel label="Run">
        {run.error ? (
          <ErrorNote title={`Run ${runId} could not be read.`} error={run.error} onRetry={() => void run.refetch()} />
        ) : (
          <LoadingNote what="the run" />
        )}
      </Panel>
    </Page>
  );
}

function RunView({ run }: { run: Run }) {
  const search = useSearch({ from: "/runs/$runId" });
  const navigate = useNavigate({ from: "/runs/$runId" });
  const cancel = useCancel(run);
  const [goTo, setGoTo] = useState<{ step: number } | undefined>(undefined);
  const jobs = run.jobs ?? NONE;
  const [shown, setShown] = useState<string | undefined>(undefined);
  // An address that names a job shows that one or none: another one's log would be taken for it.
  const job = search.job === undefined ? nextJob(jobs, shown) : jobs.find((candidate) => candidate.id === search.job);
  if (job && job.id !== shown) setShown(job.id);
  const select = useCallback((id: string) => void navigate({ search: { job: id }, replace: true }), [navigate]);
  // Somebody who scrolls is reading: the page must not go on to another job then.
  const hold = search.job === undefined ? select : undefined;
  return (
    <Page
      title={run.workflow.name}
      aside={
        <span role="status">
          <StateWord state={run.state} />
        </span>
      }
      actions={<CancelButton run={run} cancel={cancel} />}
      fill
    >
      <RunFacts run={run} />
      <CancelNote run={run} cancel={cancel} />
      {run.jobs === undefined || jobs.length === 0 ? (
        <Panel label="Jobs">
          <EmptyNote title={run.jobs ? "This run has no jobs." : "The jobs of this run are not known yet."} />
        </Panel>
      ) : (
        <>
          <Panel label="Graph of jobs" className={styles.graph}>
            <Graph jobs={jobs} selected={job?.id} onSelect={select} />
          </Panel>
          <div className={styles.split}>
            <Panel label="Jobs" head={<h2>{plural(jobs.length, "job")}</h2>} className={styles.jobs}>
              <div className={styles.jobsScroll}>
                <JobList jobs={jobs} selected={job?.id} onSelect={select} onStep={(step) => setGoTo({ step })} />
              </div>
            </Panel>
            {job ? (
              <JobLog key={job.id} run={run.runId} job={job} line={search.line} goTo={goTo} onHold={hold} />
            ) : (
              <Panel label="Log" className={styles.log}>
                <NoSuchJob job={search.job ?? ""} jobs={jobs} onSelect={select} />
              </Panel>
            )}
          </div>
        </>
      )}
    </Page>
  );
}

type GraphProps = { jobs: readonly Job[]; selected: string | undefined; onSelect: (id: string) => void };

function Graph(props: GraphProps) {
  if (props.jobs.length > MOST_NODES) {
    return (
      <TooMuchNote>
        {formatCount(props.jobs.length)} jobs are too many for a picture (at most {formatCount(MOST_NODES)}); the list
        has them all.
      </TooMuchNote>
    );
  }
  return (
    <Suspense fallback={<LoadingNote what="the graph" />}>
      <JobGraph {...props} />
    </Suspense>
  );
}
