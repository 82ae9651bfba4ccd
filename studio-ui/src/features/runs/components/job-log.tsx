import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import type { Job, Step } from "../../../api/types";
import { whyOf } from "../../../lib/jobs";
import { useLogBuffer } from "../../../lib/logs/use-log-buffer";
import { visible } from "../../../lib/visible";
import { LogView } from "../../../ui/log-view/log-view";
import { Name } from "../../../ui/name";
import { LoadingNote } from "../../../ui/notes";
import { Panel } from "../../../ui/page";
import { isOver } from "../../../ui/state-look";
import { StateWord } from "../../../ui/state-word";
import { waitOf } from "../model/waits";
import { Attempt } from "./job-row";
import styles from "./run-page.module.css";
import { Why } from "./why";

const NO_STEPS: readonly Step[] = [];

type JobLogProps = {
  run: string;
  job: Job;
  jobs: ReadonlyMap<string, Job>;
  line: number | undefined;
  goTo: { step: string } | undefined;
  /** The reader wants this job and no other; undefined when that is known. */
  onHold: ((job: string) => void) | undefined;
};

/** The live log of the chosen job. */
export function JobLog({ run, job, jobs, line, goTo, onHold }: JobLogProps) {
  const over = isOver(job.state);
  const buffer = useLogBuffer(run, job, over);
  const [times, setTimes] = useState(false);
  // A job that went well is read from its start, one that runs or failed from its end.
  const [atEnd] = useState(!over || job.state === "failure");
  const link = useCallback(
    (to: number) => (
      <Link
        to="/runs/$runId"
        params={{ runId: run }}
        search={{ job: job.id, line: to }}
        replace
        aria-label={`Line ${to}`}
      >
        {to}
      </Link>
    ),
    [run, job.id],
  );
  const head = (
    <>
      <h2 className="cut">
        <Name of={job.name} cut />
      </h2>
      <StateWord state={job.state} />
      <Attempt of={job} />
      {job.image && (
        <span className="dim cut">
          <Name of={job.image} cut mono />
        </span>
      )}
      <Button
        size="compact-xs"
        variant="default"
        aria-pressed={times}
        className={styles.times}
        onClick={() => setTimes(!times)}
      >
        {times ? "Hide times" : "Show times"}
      </Button>
    </>
  );
  const wait = waitOf(job, jobs);
  return (
    <Panel label={`Log of ${visible(job.name)}`} head={head} className={styles.log}>
      <Why state={job.state} text={whyOf(job) ?? (wait && `It ${wait}.`)} />
      {buffer ? (
        <LogView
          buffer={buffer}
          steps={job.steps ?? NO_STEPS}
          atEnd={atEnd}
          times={times}
          line={line}
          goTo={goTo}
          link={link}
          onLeave={() => onHold?.(job.id)}
        />
      ) : (
        <LoadingNote what="the log" />
      )}
    </Panel>
  );
}
