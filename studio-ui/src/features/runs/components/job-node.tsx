import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import type { Job } from "../../../api/types";
import { jobState } from "../../../lib/jobs";
import { Name } from "../../../ui/name";
import { stateLook } from "../../../ui/state-look";
import { StateWord } from "../../../ui/state-word";
import { Elapsed } from "../../../ui/time";
import type { Direction } from "../model/dag";
import type { Count } from "../model/job-tree";
import styles from "./job-graph.module.css";
import { StateCounts } from "./state-counts";

/** A node has room for so many; the list has them all. */
const MOST_COUNTS = 3;

export type JobNodeData = {
  job: Job;
  /** Of the jobs of a group; empty for a job that is none. */
  counts: readonly Count[];
  direction: Direction;
  selected: boolean;
  onSelect: (id: string) => void;
};

export function JobNode({ data }: NodeProps<Node<JobNodeData>>) {
  const { job, counts, direction, selected, onSelect } = data;
  const group = counts.length > 0;
  const down = direction === "down";
  return (
    <>
      <Handle type="target" position={down ? Position.Top : Position.Left} className={styles.handle} />
      <button
        type="button"
        className={`nodrag nopan ${styles.node}`}
        data-group={group || undefined}
        data-tone={stateLook(jobState(job)).tone}
        data-node={job.id}
        data-node-state={job.state}
        aria-pressed={selected}
        onClick={() => onSelect(job.id)}
      >
        <span className={styles.name}>
          {group && <StateWord state={job.state} iconOnly />}
          <Name of={job.name} cut />
        </span>
        <span className={styles.line}>
          {group ? <StateCounts counts={counts} most={MOST_COUNTS} /> : <StateWord state={jobState(job)} />}
          {job.startedAt !== undefined && counts.length < MOST_COUNTS && (
            <span className={styles.took}>
              <Elapsed from={job.startedAt} to={job.finishedAt} />
            </span>
          )}
        </span>
      </button>
      <Handle type="source" position={down ? Position.Bottom : Position.Right} className={styles.handle} />
    </>
  );
}
