import type { Job } from "../../../api/types";
import { jobState } from "../../../lib/jobs";
import { visible } from "../../../lib/visible";
import { Name } from "../../../ui/name";
import { Sentence } from "../../../ui/sentence";
import { StateWord } from "../../../ui/state-word";
import { Elapsed } from "../../../ui/time";
import { waitOf } from "../model/waits";
import styles from "./job-list.module.css";
import { Outputs } from "./outputs";
import { reusedFrom } from "./rerun";
import { type OnStep, Steps } from "./step-list";

type JobRowProps = {
  job: Job;
  jobs: ReadonlyMap<string, Job>;
  selected: ReadonlySet<string>;
  attempted: Job | undefined;
  ran: Job | undefined;
  onSelect: (id: string) => void;
  onStep: OnStep;
};

/** A job that runs something. */
export function JobRow({ job, jobs, selected, attempted, ran, onSelect, onStep }: JobRowProps) {
  const isSelected = selected.has(job.id);
  const detail = detailOf(job, jobs);
  return (
    <li data-job={job.id} data-job-state={job.state}>
      <button
        type="button"
        className={styles.job}
        aria-current={isSelected ? "true" : undefined}
        onClick={() => onSelect(job.id)}
      >
        <span className={styles.line}>
          <span className={`cut ${styles.name}`} data-dim={job.state === "skipped" || undefined}>
            <Name of={job.name} cut />
          </span>
          <Attempt of={job} />
          <StateWord state={jobState(job)} />
          <span className={styles.took}>{job.startedAt && <Elapsed from={job.startedAt} to={job.finishedAt} />}</span>
        </span>
        {detail !== undefined && (
          <span className={`cut ${styles.detail}`} title={visible(detail)}>
            <Sentence text={detail} />
          </span>
        )}
      </button>
      {isSelected && (
        <>
          {attempted && <p className={styles.phase}>Attempt {attempted.attempt}</p>}
          <Steps job={attempted ?? ran ?? job} onStep={onStep} />
          {attempted === undefined && <Outputs of={job.name} values={job.outputs} />}
        </>
      )}
    </li>
  );
}

/** Said from the second attempt on. */
function Attempt({ of: { attempt } }: { of: Job }) {
  if (attempt === undefined || attempt < 2) return null;
  return <span className={styles.attempt}>attempt {attempt}</span>;
}

/** What its state alone does not tell: why it waits, why it was skipped, what it came after. */
function detailOf(job: Job, jobs: ReadonlyMap<string, Job>): string | undefined {
  if (job.reused) return reusedFrom(job.reused);
  const wait = waitOf(job, jobs);
  if (wait !== undefined) return wait;
  if (job.state === "skipped" && job.reason) return job.reason.message;
  if (job.state === "failure" && job.continueOnError) return "may fail: the run goes on";
  if (!job.needs || job.needs.length === 0) return undefined;
  return `after ${job.needs.map((need) => jobs.get(need)?.name ?? need).join(", ")}`;
}
