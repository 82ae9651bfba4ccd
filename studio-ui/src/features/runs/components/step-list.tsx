import { useState } from "react";
import type { Job, Step } from "../../../api/types";
import { stepState } from "../../../lib/jobs";
import { type StepNode, stepTree } from "../../../lib/steps";
import { visible } from "../../../lib/visible";
import { Icon } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import { StateWord } from "../../../ui/state-word";
import { Elapsed } from "../../../ui/time";
import { AnnotationLine } from "./annotation-line";
import styles from "./job-list.module.css";

/** Annotations that are shown at a step; the run's own list has them all. */
const MOST_ANNOTATIONS = 10;

type StepsProps = { job: Job; onStep: (step: string) => void };

/** The steps of a job, those that an action brought under the step that used it, set-up and clean-up apart. */
export function Steps({ job, onStep }: StepsProps) {
  if (!job.steps || job.steps.length === 0) return null;
  const { pre, main, post } = stepTree(job.steps);
  const ran = job.state !== "skipped";
  return (
    <div className={styles.steps}>
      <Phase title="Set-up" label={`Set-up of ${visible(job.name)}`} nodes={pre} ran={ran} onStep={onStep} />
      <StepRows label={`Steps of ${visible(job.name)}`} nodes={main} ran={ran} onStep={onStep} />
      <Phase title="Clean-up" label={`Clean-up of ${visible(job.name)}`} nodes={post} ran={ran} onStep={onStep} />
    </div>
  );
}

type RowsProps = {
  label?: string;
  nodes: readonly StepNode[];
  /** Whether the job ran; else none of its steps has a reason of its own. */
  ran: boolean;
  onStep: (step: string) => void;
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

function StepRows({ label, nodes, ran, onStep }: RowsProps) {
  return (
    <ol aria-label={label}>
      {nodes.map((node) => (
        <StepItem key={node.step.id} node={node} ran={ran} onStep={onStep} />
      ))}
    </ol>
  );
}

function StepItem({ node: { step, children }, ran, onStep }: { node: StepNode } & Omit<RowsProps, "nodes">) {
  const state = stepState(step);
  const [toggled, setToggled] = useState<boolean | undefined>(undefined);
  const open = toggled ?? (state === "running" || state === "failure");
  const why = ran ? whyOf(step, state) : undefined;
  const annotations = step.annotations ?? [];
  return (
    <li data-step={step.id} data-step-state={state}>
      <span className={styles.stepLine}>
        {children.length > 0 && (
          <button
            type="button"
            className={styles.toggle}
            aria-expanded={open}
            aria-label={`Steps of ${visible(step.name)}`}
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
          {step.exitCode !== undefined && step.exitCode !== 0 && (
            <span className={styles.exit}>exit code {step.exitCode}</span>
          )}
          <span className={styles.took}>
            {step.startedAt && <Elapsed from={step.startedAt} to={step.finishedAt} />}
          </span>
        </button>
      </span>
      {why !== undefined && <p className={styles.why}>{visible(why)}</p>}
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
      {open && children.length > 0 && (
        <div className={styles.nested}>
          <StepRows nodes={children} ran={ran} onStep={onStep} />
        </div>
      )}
    </li>
  );
}

/** Why a step did not run, or why its failure does not count. */
function whyOf(step: Step, state: string): string | undefined {
  if (step.reason) return step.reason.message;
  if (state === "skipped") return "its condition did not hold";
  if (step.outcome === "failure" && state === "success") return "failed, but may: the job goes on";
  return undefined;
}
