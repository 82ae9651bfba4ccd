import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { Name } from "../name";
import type { Direction } from "./dag";
import type { GraphNode } from "./job-graph";
import styles from "./job-graph.module.css";

export type JobNodeData = {
  job: GraphNode;
  direction: Direction;
  selected: boolean;
  onSelect: (id: string) => void;
};

export function JobNode({ data }: NodeProps<Node<JobNodeData>>) {
  const { job, direction, selected, onSelect } = data;
  const down = direction === "down";
  return (
    <>
      <Handle type="target" position={down ? Position.Top : Position.Left} className={styles.handle} />
      <button
        type="button"
        className={`nodrag nopan ${styles.node}`}
        data-group={job.group || undefined}
        data-tone={job.tone}
        data-node={job.id}
        data-node-state={job.state}
        aria-pressed={selected}
        onClick={() => onSelect(job.id)}
      >
        <span className={styles.name}>
          {job.lead}
          <Name of={job.name} cut />
        </span>
        <span className={styles.line}>{job.detail}</span>
      </button>
      <Handle type="source" position={down ? Position.Bottom : Position.Right} className={styles.handle} />
    </>
  );
}
