import { Button } from "@mantine/core";
import { answerPause, type PauseAnswer } from "../../../api/queries";
import type { Job, Pause } from "../../../api/types";
import { useOrders } from "../../../lib/use-orders";
import { visible } from "../../../lib/visible";
import { ErrorNote } from "../../../ui/notes";
import { isOver } from "../../../ui/state-look";
import styles from "./run-page.module.css";

const ANSWERS: readonly { answer: PauseAnswer; words: string; title: string }[] = [
  { answer: "retry", words: "Retry", title: "Does the step again, as its file is now" },
  { answer: "skip", words: "Skip", title: "Leaves the step out: those behind it go on as if it had not failed" },
  { answer: "end", words: "End", title: "Lets the job fail" },
];

/** The jobs that are paused at a step that failed, each with how it can go on. */
export function Pauses({ run, state, jobs }: { run: string; state: string; jobs: readonly Job[] }) {
  const { pending, refused, give } = useOrders((order) => {
    const { job, answer } = JSON.parse(order) as { job: string; answer: PauseAnswer };
    return answerPause(run, job, answer);
  });
  const paused = isOver(state) ? [] : jobs.filter((job) => job.pauses !== undefined && job.pauses.length > 0);
  if (paused.length === 0) return null;
  return (
    <section aria-label="Paused">
      {paused.map((job) => (
        <div key={job.id} className={styles.paused} role="status">
          <ul>
            {job.pauses?.map((pause) => (
              <li key={pause.step}>{visible(lineOf(job, pause))}</li>
            ))}
          </ul>
          <span className={styles.answers}>
            {ANSWERS.map(({ answer, words, title }) => {
              const order = JSON.stringify({ job: job.id, answer });
              return (
                <Button
                  key={answer}
                  size="xs"
                  variant="default"
                  title={title}
                  aria-label={`${words} ${visible(job.name)}`}
                  loading={pending.has(order)}
                  onClick={() => give(order)}
                >
                  {words}
                </Button>
              );
            })}
          </span>
        </div>
      ))}
      {refused && <ErrorNote title="The paused job was not told." error={refused.error} />}
    </section>
  );
}

function lineOf(job: Job, pause: Pause): string {
  const name = job.steps?.find((step) => step.id === pause.step)?.name ?? `step ${pause.step}`;
  const exit = pause.exitCode === undefined ? undefined : `exit code ${pause.exitCode}`;
  const why = pause.reason?.message ?? exit ?? "it failed";
  const problem = pause.problem === undefined ? "" : ` It cannot be done again: ${pause.problem.message}`;
  return `${job.name} is paused at ${name}: ${why}.${problem}`;
}
