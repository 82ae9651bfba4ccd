import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import type { Job } from "../../../api/types";
import { stateLook } from "../../../ui/state-look";
import { StateWord } from "../../../ui/state-word";
import { Elapsed } from "../../../ui/time";
import styles from "./job-graph.module.css";

export type JobNodeData = { job: Job; selected: boolean; onSelect: (id: string) => void };

export function JobNode({ data }: NodeProps<Node<JobNodeData>>) {
  const { job, selected, onSelect } = data;
  return (
    <>
      <Handle type="target" position={Position.Left} className={styles.handle} />
      <button
        type="button"
        className={`nodrag nopan ${styles.node}`}
        data-tone={stateLook(job.state).tone}
        data-node={job.id}
        data-node-state={job.state}
        aria-pressed={selected}
        title={job.name}
        onClick={() => onSelect(job.id)}
      >
        <span className={`cut ${styles.name}`}>{job.name}</span>
        <span className={styles.line}>
          <StateWord state={job.state} />
          {job.startedAt !== undefined && (
            <span className={styles.took}>
              <Elapsed from={job.startedAt} to={job.finishedAt} />
            </span>
          )}
        </span>
      </button>
      <Handle type="source" position={Position.Right} className={styles.handle} />
    </>
  );
}
