import { Button } from "@mantine/core";
import type { Job } from "../api/types";
import { plural } from "../lib/format";
import { Name } from "./name";
import styles from "./no-such-job.module.css";
import { EmptyNote } from "./notes";
import { StateWord } from "./state-word";

/** Jobs offered in place of the one that is not there. */
const MOST = 20;

type NoSuchJobProps = { job: string; jobs: readonly Job[]; onSelect: (id: string) => void };

/** The address names a job that its run does not have. */
export function NoSuchJob({ job, jobs, onSelect }: NoSuchJobProps) {
  return (
    <EmptyNote
      title={
        <>
          This run has no job <Name of={job} mono />.
        </>
      }
    >
      <p className="dim">It has {plural(jobs.length, "job")}; which one do you want?</p>
      <div className={styles.jobs}>
        {jobs.slice(0, MOST).map(({ id, name, state }) => (
          <Button key={id} size="compact-sm" variant="default" onClick={() => onSelect(id)}>
            <StateWord state={state} iconOnly />
            <Name of={name} />
          </Button>
        ))}
      </div>
    </EmptyNote>
  );
}
