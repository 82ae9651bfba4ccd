import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import type { Job } from "../../../api/types";
import { Name } from "../../../ui/name";
import { stateLook } from "../../../ui/state-look";
import { StateWord } from "../../../ui/state-word";
import { Elapsed } from "../../../ui/time";
import type { Direction } from "../model/dag";
import styles from "./job-graph.module.css";

export type JobNodeData = { job: Job; direction: Direction; selected: boolean; onSelect: (id: string) => void };

export function JobNode({ data }: NodeProps<Node<JobNodeData>>) {
  const { job, direction, selected, onSelect } = data;
  const down = direction === "down";
  return (
    <>
      <Handle type="target" position={down ? Position.Top : Position.Left} className={styles.handle} />
      <button
        type="button"
        className={`nodrag nopan ${styles.node}`}
        data-tone={stateLook(job.state).tone}
        data-node={job.id}
        data-node-state={job.state}
        aria-pressed={selected}
        onClick={() => onSelect(job.id)}
      >
        <span className={styles.name}>
          <Name of={job.name} cut />
        </span>
        <span className={styles.line}>
          <StateWord state={job.state} />
          {job.startedAt !== undefined && (
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
