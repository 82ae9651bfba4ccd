import type { Step, StepTry } from "../../../api/types";
import { stepState } from "../../../lib/jobs";
import { visible } from "../../../lib/visible";
import { StateWord } from "../../../ui/state-word";
import { Elapsed } from "../../../ui/time";
import styles from "./job-list.module.css";
import type { OnStep } from "./step-list";

/** The attempts at a step one under the other, each with how it ended and a way to its lines. */
export function Tries({ step, onStep }: { step: Step; onStep: OnStep }) {
  const earlier = step.earlier ?? [];
  return (
    <ol className={styles.tries} aria-label={`Attempts at ${visible(step.name)}`}>
      {[...earlier.map((one) => ({ ...one, state: "failure" })), { ...step, state: stepState(step) }].map(
        (one, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: attempts are only added to.
          <li key={index} data-try={index + 1}>
            <button
              type="button"
              className={styles.step}
              disabled={one.startedAt === undefined}
              onClick={() => onStep(step.id, one.startedAt)}
            >
              <StateWord state={one.state} iconOnly />
              <span className="cut">Attempt {index + 1}</span>
              <span className={styles.exit}>{endOf(one)}</span>
              <span className={styles.took}>
                {one.startedAt && <Elapsed from={one.startedAt} to={one.finishedAt} />}
              </span>
            </button>
          </li>
        ),
      )}
    </ol>
  );
}

function endOf({ exitCode, reason }: StepTry): string | undefined {
  if (reason !== undefined) return visible(reason.message);
  return exitCode === undefined || exitCode === 0 ? undefined : `exit code ${exitCode}`;
}
