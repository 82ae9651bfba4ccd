import { useState } from "react";
import type { Job, Step } from "../../../api/types";
import { shownSteps, stepState } from "../../../lib/jobs";
import { type StepNode, stepTree } from "../../../lib/steps";
import { visible } from "../../../lib/visible";
import { Icon } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import { Sentence } from "../../../ui/sentence";
import { isOver } from "../../../ui/state-look";
import { StateWord } from "../../../ui/state-word";
import { Elapsed } from "../../../ui/time";
import { AnnotationLine } from "./annotation-line";
import styles from "./job-list.module.css";
import { OutputValues } from "./outputs";
import { Tries } from "./tries";

/** Annotations that are shown at a step; the run's own list has them all. */
const MOST_ANNOTATIONS = 10;

/** Goes to a step in the log; to an attempt at it, by when that began. */
export type OnStep = (step: string, since?: string) => void;

type StepsProps = { job: Job; onStep: OnStep };

/** The steps of a job, those that an action brought under the step that used it, set-up and clean-up apart. */
export function Steps({ job, onStep }: StepsProps) {
  const steps = shownSteps(job);
  if (steps.length === 0) return null;
  const { pre, main, post } = stepTree(steps);
  const ran = job.state !== "skipped";
  const names = new Map(steps.map((step) => [step.id, step]));
  const rest = { job, ran, steps: names, onStep };
  return (
    <div className={styles.steps}>
      <Phase title="Set-up" label={`Set-up of ${visible(job.name)}`} nodes={pre} {...rest} />
      <StepRows label={`Steps of ${visible(job.name)}`} nodes={main} {...rest} />
      <Phase title="Clean-up" label={`Clean-up of ${visible(job.name)}`} nodes={post} {...rest} />
    </div>
  );
}

type RowsProps = {
  label?: string;
  nodes: readonly StepNode[];
  /** Whether the job ran; else none of its steps has a reason of its own. */
  ran: boolean;
  job: Job;
  /** All of the job, by id. */
  steps: ReadonlyMap<string, Step>;
  onStep: OnStep;
};

function Phase({ title, ...rows }: RowsProps & { title: string }) {
  if (rows.nodes.length === 0) return null;
  return (
    <>
      <p className={styles.phase}>{title}</p>
      <StepRows {...rows} />
    </>
  );
}

function StepRows({ label, nodes, ...rest }: RowsProps) {
  return (
    <ol aria-label={label}>
      {nodes.map((node) => (
        <StepItem key={node.step.id} node={node} {...rest} />
      ))}
    </ol>
  );
}

function StepItem({ node: { step, children }, ...rest }: { node: StepNode } & Omit<RowsProps, "nodes" | "label">) {
  const { job, ran, steps, onStep } = rest;
  const state = stepState(step);
  const tried = step.earlier !== undefined && step.earlier.length > 0;
  const [toggled, setToggled] = useState<boolean | undefined>(undefined);
  const open = toggled ?? ((children.length > 0 || tried) && ["running", "paused", "failure", "lost"].includes(state));
  const why = ran ? (whyOf(step, state, job) ?? waitOf(step, state, steps)) : undefined;
  const outputs = Object.keys(step.outputs ?? {}).length > 0 ? step.outputs : undefined;
  const folds = children.length > 0 || outputs !== undefined || tried;
  const annotations = step.annotations ?? [];
  return (
    <li data-step={step.id} data-step-state={state}>
      <span className={styles.stepLine}>
        {folds && (
          <button
            type="button"
            className={styles.toggle}
            aria-expanded={open}
            aria-label={`${children.length > 0 ? "Steps" : "More"} of ${visible(step.name)}`}
            onClick={() => setToggled(!open)}
          >
            <Icon name={open ? "unfolded" : "folded"} size={12} />
          </button>
        )}
        <button type="button" className={styles.step} onClick={() => onStep(step.id)}>
          <StateWord state={state} iconOnly />
          <span className="cut">
            <Name of={step.name} cut />
          </span>
          {step.background && (
            <span className={styles.beside}>{step.parent === undefined ? "background" : "parallel"}</span>
          )}
          {step.exitCode !== undefined && step.exitCode !== 0 && (
            <span className={styles.exit}>exit code {step.exitCode}</span>
          )}
          <span className={styles.took}>
            {step.startedAt && <Elapsed from={step.startedAt} to={step.finishedAt} />}
          </span>
        </button>
      </span>
      {why !== undefined && (
        <p className={styles.why}>
          <Sentence text={why} />
        </p>
      )}
      {annotations.length > 0 && (
        <ul className={styles.annotations} aria-label={`Annotations of ${visible(step.name)}`}>
          {annotations.slice(0, MOST_ANNOTATIONS).map((annotation, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: annotations have no name, and are only added to.
            <li key={index}>
              <AnnotationLine of={annotation} />
            </li>
          ))}
          {annotations.length > MOST_ANNOTATIONS && <li>and {annotations.length - MOST_ANNOTATIONS} more</li>}
        </ul>
      )}
      {open && tried && <Tries step={step} onStep={onStep} />}
      {open && children.length > 0 && (
        <div className={styles.nested}>
          <StepRows nodes={children} {...rest} />
        </div>
      )}
      {open && outputs !== undefined && (
        <div className={styles.values}>
          <p className={styles.phase}>Outputs</p>
          <OutputValues values={outputs} />
        </div>
      )}
    </li>
  );
}

function failedBefore(step: Step, { steps = [] }: Job): boolean {
  const place = steps.findIndex(({ id }) => id === step.id);
  return steps.slice(0, Math.max(place, 0)).some((other) => stepState(other) === "failure");
}

/** What a step that runs waits for. */
function waitOf(step: Step, state: string, steps: ReadonlyMap<string, Step>): string | undefined {
  if (state !== "running" || step.waitsFor === undefined) return undefined;
  const open = step.waitsFor.flatMap((id) => {
    const other = steps.get(id);
    return other === undefined || isOver(stepState(other)) ? [] : [other.name];
  });
  return open.length === 0 ? undefined : `waits for ${open.join(", ")}`;
}

/** Why a step did not run, or why its failure does not count. */
function whyOf(step: Step, state: string, job: Job): string | undefined {
  if (step.reason) return step.reason.message;
  if (state === "skipped") {
    // One whose `if` was asked has an outcome.
    if (step.outcome === undefined && job.state === "lost") return "not reached: the job was lost before";
    if (step.outcome === undefined && job.state === "cancelled") return "not reached: the job was cancelled before";
    if (job.state === "failure" && failedBefore(step, job)) return "left out, for a step before it failed";
    return "its condition did not hold";
  }
  if (step.outcome === "failure" && state === "success") return "failed, but may: the job goes on";
  return undefined;
}
