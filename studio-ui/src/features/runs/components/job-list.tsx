import type { Job } from "../../../api/types";
import { stepState } from "../../../lib/jobs";
import { visible } from "../../../lib/visible";
import { Name } from "../../../ui/name";
import { StateWord } from "../../../ui/state-word";
import { Elapsed } from "../../../ui/time";
import styles from "./job-list.module.css";

type JobListProps = {
  jobs: readonly Job[];
  selected: string | undefined;
  onSelect: (id: string) => void;
  onStep: (step: number) => void;
};

/** The graph in words, and under the chosen job its steps. */
export function JobList({ jobs, selected, onSelect, onStep }: JobListProps) {
  const names = new Map(jobs.map((job) => [job.id, job.name]));
  return (
    <ul className={styles.jobs}>
      {jobs.map((job) => (
        <li key={job.id} data-job={job.id} data-job-state={job.state}>
          <button
            type="button"
            className={styles.job}
            aria-current={job.id === selected ? "true" : undefined}
            onClick={() => onSelect(job.id)}
          >
            <span className={styles.line}>
              <span className={`cut ${styles.name}`}>
                <Name of={job.name} cut />
              </span>
              <StateWord state={job.state} />
              <span className={styles.took}>
                {job.startedAt && <Elapsed from={job.startedAt} to={job.finishedAt} />}
              </span>
            </span>
            {job.needs && job.needs.length > 0 && (
              <span className={`cut ${styles.needs}`}>
                after {job.needs.map((need) => visible(names.get(need) ?? need)).join(", ")}
              </span>
            )}
          </button>
          {job.id === selected && <Steps job={job} onStep={onStep} />}
        </li>
      ))}
    </ul>
  );
}

function Steps({ job, onStep }: { job: Job; onStep: (step: number) => void }) {
  if (!job.steps || job.steps.length === 0) return null;
  return (
    <ol className={styles.steps} aria-label={`Steps of ${visible(job.name)}`}>
      {job.steps.map((step) => (
        <li key={step.index}>
          <button type="button" className={styles.step} onClick={() => onStep(step.index)}>
            <StateWord state={stepState(step)} iconOnly />
            <span className="cut">
              <Name of={step.name} cut />
            </span>
            {step.exitCode !== undefined && step.exitCode !== 0 && (
              <span className={styles.exit}>exit code {step.exitCode}</span>
            )}
            <span className={styles.took}>
              {step.startedAt && <Elapsed from={step.startedAt} to={step.finishedAt} />}
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}
