import { Button, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { runQuery } from "../../api/queries";
import type { Job, RunSummary, Step } from "../../api/types";
import { formatMoment, runNumber } from "../../lib/format";
import { jobState, namedJob, pickJob, runState, working } from "../../lib/jobs";
import { type Pointed, rangeOf } from "../../lib/logs/pointed";
import { useFindLines, useLogBuffer } from "../../lib/logs/use-log-buffer";
import { useReused } from "../../lib/use-reused";
import { useRuns } from "../../lib/use-runs";
import { visible } from "../../lib/visible";
import { CopyLink } from "../../ui/copy-link";
import { DownloadLog } from "../../ui/download-log";
import { LogView } from "../../ui/log-view/log-view";
import { NoRuns } from "../../ui/no-runs";
import { NoSuchJob } from "../../ui/no-such-job";
import { EmptyNote, ErrorNote, LoadingNote } from "../../ui/notes";
import { Page, Panel } from "../../ui/page";
import { isOver } from "../../ui/state-look";
import { StateWord } from "../../ui/state-word";
import { FoundLines } from "./components/found-lines";
import { SearchField } from "./components/search-field";
import styles from "./logs-page.module.css";
import { soughtOf } from "./model/sought";

export function LogsPage() {
  const search = useSearch({ from: "/logs" });
  const { runs, total, error: failed, retry } = useRuns();
  const runId = search.run ?? runs[0]?.runId;
  const [times, setTimes] = useState(true);
  const head = (
    <>
      <Picker runs={runs} runId={runId} />
      <Button size="compact-xs" variant="default" aria-pressed={times} onClick={() => setTimes(!times)}>
        {times ? "Hide times" : "Show times"}
      </Button>
      <CopyChosen runId={runId} />
    </>
  );
  if (search.q !== undefined && search.q !== "") {
    return (
      <Page title="Logs" fill>
        <SearchField />
        <FoundLines sought={soughtOf(search)} />
      </Page>
    );
  }
  return (
    <Page title="Logs" fill>
      {(total !== 0 || runId) && <SearchField />}
      <Panel label="Log of a job" className={styles.panel} head={total === 0 && !runId ? undefined : head}>
        {failed && !runId && <ErrorNote title="The runs could not be read." error={failed} onRetry={retry} />}
        {total === undefined && !failed && !runId && <LoadingNote what="runs" />}
        {total === 0 && !runId && <NoRuns title="There is no log yet, for nothing has run." />}
        {runId && <RunLog key={runId} runId={runId} times={times} />}
      </Panel>
    </Page>
  );
}

/** Which run and job; nothing chosen means the newest run and the job that matters most in it. */
function Picker({ runs, runId }: { runs: readonly RunSummary[]; runId: string | undefined }) {
  const navigate = useNavigate({ from: "/logs" });
  const { job, state, jobs } = useChosenJob(runId);
  return (
    <>
      <Select
        aria-label="Run"
        placeholder="Newest run"
        searchable
        className={styles.run}
        limit={100}
        data={runs.map((run) => ({ value: run.runId, label: runLabel(run) }))}
        value={runId ?? null}
        onChange={(run) => void navigate({ search: run === null ? {} : { run } })}
      />
      <Select
        aria-label="Job"
        placeholder="Job"
        searchable
        className={styles.job}
        limit={100}
        data={working(jobs).map(({ id, name }) => ({ value: id, label: visible(name) }))}
        value={job?.id ?? null}
        onChange={(id) => {
          if (id !== null && runId !== undefined) void navigate({ search: { run: runId, job: id } });
        }}
      />
      <StateWord state={job ? jobState(job) : state} />
      {runId && (
        <Link to="/runs/$runId" params={{ runId }} search={job ? { job: job.id } : {}} className={styles.whole}>
          Whole run
        </Link>
      )}
    </>
  );
}

/** Its address is that of the run's page, which can name an attempt. */
function CopyChosen({ runId }: { runId: string | undefined }) {
  const { line } = useSearch({ from: "/logs" });
  const { job } = useChosenJob(runId);
  if (runId === undefined || job === undefined) return null;
  return (
    <>
      <Download runId={runId} job={job} />
      <CopyLink run={runId} job={job} attempt={job.attempt ?? 1} lines={rangeOf(line)} />
    </>
  );
}

/** Of a job that was reused, the log of the attempt that ran. */
function Download({ runId, job }: { runId: string; job: Job }) {
  const ran = useReused(job)?.job ?? job;
  return <DownloadLog run={runId} job={job} attempt={Math.max(1, ran.attempt ?? 1)} />;
}

function RunLog({ runId, times }: { runId: string; times: boolean }) {
  const { job, wanted, jobs, error, loaded, retry } = useChosenJob(runId);
  const navigate = useNavigate({ from: "/logs" });
  if (error && !loaded) return <ErrorNote title={`Run ${runId} could not be read.`} error={error} onRetry={retry} />;
  if (!loaded) return <LoadingNote what="the run" />;
  if (jobs.length === 0) return <EmptyNote title="This run has no jobs." />;
  if (!job) {
    const select = (id: string) => void navigate({ search: { run: runId, job: id } });
    return <NoSuchJob job={wanted ?? ""} jobs={jobs} onSelect={select} />;
  }
  return <JobLog key={`${job.id}\n${job.attempt ?? 1}`} runId={runId} job={job} times={times} />;
}

function JobLog({ runId, job: newest, times }: { runId: string; job: Job; times: boolean }) {
  const reused = useReused(newest);
  const job = reused?.job ?? newest;
  const { line } = useSearch({ from: "/logs" });
  const over = isOver(job.state);
  const buffer = useLogBuffer(runId, job, over);
  const find = useFindLines(runId, job);
  const link = useCallback(
    (to: number, stop: boolean) => (
      <Link
        to="/logs"
        search={{ run: runId, job: job.id, line: to }}
        replace
        tabIndex={stop ? 0 : -1}
        aria-label={`Line ${to}`}
      >
        {to}
      </Link>
    ),
    [runId, job.id],
  );
  const navigate = useNavigate({ from: "/logs" });
  const choose = (to: Pointed) => void navigate({ search: { run: runId, job: job.id, line: to }, replace: true });
  if (!buffer || reused?.pending) return <LoadingNote what="the log" />;
  return (
    <LogView
      buffer={buffer}
      find={find}
      steps={job.steps ?? NO_STEPS}
      atEnd
      times={times}
      line={line}
      goTo={undefined}
      link={link}
      onChoose={choose}
    />
  );
}

const NONE: readonly Job[] = [];
const NO_STEPS: readonly Step[] = [];

function useChosenJob(runId: string | undefined) {
  const search = useSearch({ from: "/logs" });
  const run = useQuery({ ...runQuery(runId ?? ""), enabled: runId !== undefined });
  const jobs = run.data?.jobs ?? NONE;
  const job = search.job === undefined ? pickJob(jobs) : namedJob(jobs, search.job);
  return {
    jobs,
    /** The one that the address names, if it is there; the one that matters most if it names none. */
    job,
    wanted: search.job,
    state: run.data?.state,
    loaded: run.data !== undefined,
    error: run.error,
    retry: () => void run.refetch(),
  };
}

function runLabel(run: RunSummary): string {
  return `${visible(run.workflow.name)} · ${formatMoment(run.startedAt ?? run.createdAt)} · ${runState(run)} · ${runNumber(run)}`;
}
