import { answerPause, type PauseAnswer, type PausedAt } from "../../../api/queries";
import type { Job, Pause } from "../../../api/types";
import { useOrders } from "../../../lib/use-orders";
import { useBarred } from "../../../lib/use-session";
import { visible } from "../../../lib/visible";
import { CopyButton } from "../../../ui/copy-button";
import { ErrorNote } from "../../../ui/notes";
import { PendingButton } from "../../../ui/pending-button";
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
    const { answer, ...at } = JSON.parse(order) as PausedAt & { answer: PauseAnswer };
    return answerPause(run, at, answer);
  });
  const barred = useBarred();
  const paused = isOver(state) ? [] : jobs.filter((job) => job.pauses !== undefined && job.pauses.length > 0);
  if (paused.length === 0) return null;
  return (
    <section aria-label="Paused">
      {paused.flatMap((job) =>
        (job.pauses ?? []).map((pause) => {
          const several = (job.pauses?.length ?? 0) > 1;
          const what = several ? `${job.name}, ${nameOf(job, pause)}` : job.name;
          return (
            <div key={`${job.id} ${pause.step}`} className={styles.paused} role="status">
              <span>{visible(lineOf(job, pause))}</span>
              <span className={styles.answers}>
                {ANSWERS.map(({ answer, words, title }) => {
                  // For this pause alone: one that comes too late is refused.
                  const order = JSON.stringify({ job: job.id, step: pause.step, pause: pause.pause, answer });
                  return (
                    <PendingButton
                      key={answer}
                      size="xs"
                      variant="default"
                      title={title}
                      aria-label={`${words} ${visible(what)}`}
                      pending={pending.has(order)}
                      barred={barred}
                      onClick={() => give(order)}
                    >
                      {words}
                    </PendingButton>
                  );
                })}
              </span>
              <ShellCommand run={run} job={job.id} />
            </div>
          );
        }),
      )}
      {refused && <ErrorNote title="The paused job was not told." error={refused.error} />}
    </section>
  );
}

/** A shell wants a terminal, so the page has the command that opens one there. */
function ShellCommand({ run, job }: { run: string; job: string }) {
  const command = `loom-runtime shell ${run} ${quoted(job)}`;
  return (
    <span className={styles.shell}>
      To look around first: <code>{visible(command)}</code>
      <CopyButton
        size="compact-xs"
        label={`Copy the command that opens a shell in ${visible(job)}`}
        text={() => command}
      />
    </span>
  );
}

/** A word of a command line. */
function quoted(word: string): string {
  return /^[\w./@:-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function nameOf(job: Job, pause: Pause): string {
  return job.steps?.find((step) => step.id === pause.step)?.name ?? `step ${pause.step}`;
}

function lineOf(job: Job, pause: Pause): string {
  const name = nameOf(job, pause);
  const exit = pause.exitCode === undefined ? undefined : `exit code ${pause.exitCode}`;
  const why = pause.reason?.message ?? exit ?? "it failed";
  const problem = pause.problem === undefined ? "" : ` It cannot be done again: ${pause.problem.message}`;
  return `${job.name} is paused at ${name}: ${why}.${problem}`;
}
