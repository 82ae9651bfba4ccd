import { Button } from "@mantine/core";
import { useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Job } from "../../../api/types";
import { plural } from "../../../lib/format";
import { working } from "../../../lib/jobs";
import { useReused } from "../../../lib/use-reused";
import { visible } from "../../../lib/visible";
import type { GoTo } from "../../../ui/log-view/use-jumps";
import { NoSuchJob } from "../../../ui/no-such-job";
import { Panel } from "../../../ui/page";
import type { TreeNode } from "../model/job-tree";
import { nextFailure } from "../model/next-failure";
import { useAttempt } from "../use-attempt";
import { JobList } from "./job-list";
import { JobLog } from "./job-log";
import styles from "./run-page.module.css";

type RunJobsProps = {
  run: string;
  jobs: readonly Job[];
  nodes: readonly TreeNode[];
  /** The job whose log is shown, and the groups it is in. */
  selected: ReadonlySet<string>;
  job: Job | undefined;
  onSelect: (id: string) => void;
};

/** The jobs of a run, and beside them the log of one. */
export function RunJobs({ run, jobs, nodes, selected, job, onSelect }: RunJobsProps) {
  const search = useSearch({ from: "/runs/$runId" });
  const byId = useMemo(() => new Map(jobs.map((one) => [one.id, one])), [jobs]);
  const attempt = useAttempt(run, job, search.attempt);
  const reused = useReused(job);
  const shown = job && `${job.id}\n${attempt?.number ?? reused?.job.attempt ?? job.attempt ?? 1}`;
  const goTo = useGoTo(shown, search.line === undefined ? search.step : undefined);
  // Somebody who scrolls is reading: the page must not go on to another job then.
  const hold = job && search.job !== job.id ? onSelect : undefined;
  const list = useInSight(job?.id);
  const failure = nextFailure(jobs, job?.id);
  const head = (
    <>
      <h2>{plural(working(jobs).length, "job")}</h2>
      {failure && (
        <Button
          size="compact-xs"
          variant="default"
          className={styles.failure ?? ""}
          title={`To ${visible(failure.job.name)}, of ${plural(failure.count, "failed job")}`}
          onClick={() => onSelect(failure.job.id)}
        >
          Next failure
        </Button>
      )}
    </>
  );
  return (
    <div className={styles.split}>
      <Panel label="Jobs" head={head} className={styles.jobs}>
        <div className={styles.jobsScroll} ref={list}>
          <JobList
            nodes={nodes}
            jobs={byId}
            selected={selected}
            chosen={search.job}
            attempted={attempt?.job}
            ran={reused?.job}
            onSelect={onSelect}
            onStep={goTo.go}
          />
        </div>
      </Panel>
      {job ? (
        <JobLog
          key={shown}
          run={run}
          job={job}
          jobs={byId}
          attempt={attempt}
          reused={reused}
          line={search.line}
          goTo={goTo.to}
          onHold={hold}
        />
      ) : (
        <Panel label="Log" className={styles.log}>
          <NoSuchJob job={search.job ?? ""} jobs={jobs} onSelect={onSelect} />
        </Panel>
      )}
    </div>
  );
}

/** Scrolls a list so far that the job in sight is seen there, too; the page stays where it is. */
function useInSight(job: string | undefined) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const row = job === undefined ? null : list.current?.querySelector('[aria-current="true"]');
    if (!list.current || !row) return;
    const [place, frame] = [row.getBoundingClientRect(), list.current.getBoundingClientRect()];
    if (place.top < frame.top || place.bottom > frame.bottom) list.current.scrollTop += place.top - frame.top;
  }, [job]);
  return list;
}

/** The place to go to in a log: the step that was clicked, at first the one that the address names. */
function useGoTo(log: string | undefined, named: string | undefined) {
  const [clicked, setClicked] = useState<(GoTo & { log: string | undefined }) | undefined>(undefined);
  const addressed = useMemo(() => (named === undefined ? undefined : { step: named }), [named]);
  return {
    to: clicked !== undefined && clicked.log === log ? clicked : addressed,
    go: (step: string, since?: string) => setClicked({ log, step, since }),
  };
}
