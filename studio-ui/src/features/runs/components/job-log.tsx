import { Button } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import type { Job } from "../../../api/types";
import { failedStep, jobState, shownSteps, whyOf } from "../../../lib/jobs";
import { type Pointed, rangeOf } from "../../../lib/logs/pointed";
import { useFindLines, useLogBuffer } from "../../../lib/logs/use-log-buffer";
import type { Reused } from "../../../lib/use-reused";
import { visible } from "../../../lib/visible";
import { CopyLink } from "../../../ui/copy-link";
import { DownloadLog } from "../../../ui/download-log";
import { LogView } from "../../../ui/log-view/log-view";
import type { GoTo } from "../../../ui/log-view/use-jumps";
import { Name } from "../../../ui/name";
import { LoadingNote } from "../../../ui/notes";
import { Panel } from "../../../ui/page";
import { isOver } from "../../../ui/state-look";
import { StateWord } from "../../../ui/state-word";
import { adviceOn } from "../model/advice";
import { waitOf } from "../model/waits";
import type { Attempted } from "../use-attempt";
import { useCarrier } from "../use-carrier";
import { Attempts } from "./attempts";
import { ReusedNote } from "./rerun";
import styles from "./run-page.module.css";
import { Why } from "./why";

type JobLogProps = {
  run: string;
  job: Job;
  jobs: ReadonlyMap<string, Job>;
  /** The attempt that is shown, where it is not the newest: the job with its state and steps. */
  attempt: Attempted | undefined;
  /** What it did in the run in which it ran, if it was reused from there. */
  reused: Reused | undefined;
  line: Pointed | undefined;
  goTo: GoTo | undefined;
  /** The reader wants this job and no other; undefined when that is known. */
  onHold: ((job: string) => void) | undefined;
};

/** The live log of the chosen job. */
export function JobLog({ run, job: newest, jobs, attempt, reused, line, goTo, onHold }: JobLogProps) {
  const job = attempt?.job ?? reused?.job ?? newest;
  const over = attempt !== undefined || isOver(job.state);
  const buffer = useLogBuffer(run, job, over);
  const find = useFindLines(run, job);
  const [times, setTimes] = useState(false);
  // What ran in another attempt, or another run, was carried out by another.
  const found = useCarrier(run, newest.id);
  const carrier = attempt === undefined && reused === undefined ? found : undefined;
  const { id } = job;
  const earlier = attempt?.number;
  // A job that went well is read from its start, one that runs or failed from its end.
  const [atEnd] = useState(!over || job.state === "failure");
  const link = useCallback(
    (to: number, stop: boolean) => (
      <Link
        to="/runs/$runId"
        params={{ runId: run }}
        search={{ job: id, ...(earlier !== undefined && { attempt: earlier }), line: to }}
        replace
        tabIndex={stop ? 0 : -1}
        aria-label={`Line ${to}`}
      >
        {to}
      </Link>
    ),
    [run, id, earlier],
  );
  const navigate = useNavigate({ from: "/runs/$runId" });
  const choose = (to: Pointed) =>
    void navigate({ search: { job: id, ...(earlier !== undefined && { attempt: earlier }), line: to }, replace: true });
  const failed = line === undefined ? failedStep(job)?.id : undefined;
  // What went wrong is in sight at once, whatever the clean-up wrote behind it.
  const offered = useMemo(
    () => (failed === undefined ? undefined : { step: failed, end: true, offered: true }),
    [failed],
  );
  const head = (
    <>
      <h2 className="cut">
        <Name of={job.name} cut />
      </h2>
      <StateWord state={jobState(job)} />
      {job.image && (
        <span className="dim cut">
          <Name of={job.image} cut mono />
        </span>
      )}
      {carrier && (
        <Link to="/actors/$id" params={{ id: carrier.id }} className={styles.carrier} title={visible(carrier.id)}>
          Actor
          <span className="visually-hidden"> that carries out {visible(job.name)}</span>
        </Link>
      )}
      <span className={styles.tools}>
        <Button size="compact-xs" variant="default" aria-pressed={times} onClick={() => setTimes(!times)}>
          {times ? "Hide times" : "Show times"}
        </Button>
        <DownloadLog run={run} job={job} attempt={Math.max(1, job.attempt ?? 1)} />
        <CopyLink run={run} job={job} attempt={earlier ?? newest.attempt ?? 1} lines={rangeOf(line)} />
      </span>
    </>
  );
  const steps = useMemo(() => shownSteps(job), [job]);
  const wait = attempt === undefined ? waitOf(job, jobs) : undefined;
  return (
    <Panel label={`Log of ${visible(job.name)}`} head={head} className={styles.log}>
      <Attempts run={run} job={newest} shown={attempt?.number ?? newest.attempt ?? 1} />
      {reused && <ReusedNote job={reused.job} error={reused.error} />}
      <Why state={job.state} text={whyOf(job) ?? (wait && `It ${wait}.`)} next={adviceOn(job.state, job.reason)} />
      {buffer && !reused?.pending ? (
        <LogView
          buffer={buffer}
          find={find}
          steps={steps}
          atEnd={atEnd}
          times={times}
          line={line}
          goTo={goTo ?? offered}
          link={link}
          onChoose={choose}
          onLeave={() => onHold?.(job.id)}
        />
      ) : (
        <LoadingNote what="the log" />
      )}
    </Panel>
  );
}
