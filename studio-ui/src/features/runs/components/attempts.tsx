import { Link } from "@tanstack/react-router";
import type { Job } from "../../../api/types";
import { visible } from "../../../lib/visible";
import { StateWord } from "../../../ui/state-word";
import { Elapsed } from "../../../ui/time";
import styles from "./attempts.module.css";

type AttemptsProps = { run: string; job: Job /** The one that is shown. */; shown: number };

/** The attempts at a job beside each other, each with how it ended; one is shown. Nothing for a job that was tried once. */
export function Attempts({ run, job, shown }: AttemptsProps) {
  const { earlier = [], attempt: newest = 1 } = job;
  if (earlier.length === 0) return null;
  // One that waits to be tried again has no newest attempt beside those that ended.
  const waits = earlier.at(-1)?.attempt === newest;
  const all = waits ? earlier : [...earlier, { ...job, attempt: newest }];
  return (
    <nav aria-label={`Attempts at ${visible(job.name)}`} className={styles.attempts}>
      {all.map(({ attempt, state, startedAt, finishedAt }) => (
        <Link
          key={attempt}
          to="/runs/$runId"
          params={{ runId: run }}
          search={attempt === newest && !waits ? { job: job.id } : { job: job.id, attempt }}
          replace
          className={styles.attempt}
          activeOptions={{ exact: true, includeSearch: true, explicitUndefined: true }}
          aria-current={attempt === shown ? "page" : undefined}
          data-attempt={attempt}
        >
          <StateWord state={state} iconOnly />
          Attempt {attempt}
          <span className="dim">{startedAt && <Elapsed from={startedAt} to={finishedAt} />}</span>
        </Link>
      ))}
    </nav>
  );
}
