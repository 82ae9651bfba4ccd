import "@xyflow/react/dist/base.css";
import { Controls, type Edge, type Node, ReactFlow } from "@xyflow/react";
import { useMemo } from "react";
import type { Job } from "../../../api/types";
import { place, shapeKey, shapeOf } from "../model/dag";
import styles from "./job-graph.module.css";
import { JobNode, type JobNodeData } from "./job-node";

const NODE_TYPES = { job: JobNode };
const LEAST_HEIGHT = 120;
const MOST_HEIGHT = 300;

type JobGraphProps = {
  jobs: readonly Job[];
  selected: string | undefined;
  onSelect: (id: string) => void;
};

/** The jobs as a graph, left to right in the order they need each other. The list of jobs says the same in words. */
export function JobGraph({ jobs, selected, onSelect }: JobGraphProps) {
  const key = shapeKey(shapeOf(jobs));
  const placed = useMemo(() => place(JSON.parse(key)), [key]);
  const nodes = useMemo<Node<JobNodeData>[]>(() => {
    const byId = new Map(jobs.map((job) => [job.id, job]));
    return placed.nodes.flatMap(({ id, x, y }) => {
      const job = byId.get(id);
      if (job === undefined) return [];
      return { id, type: "job", position: { x, y }, data: { job, selected: id === selected, onSelect } };
    });
  }, [placed, jobs, selected, onSelect]);
  const edges = useMemo<Edge[]>(() => {
    const running = new Set(jobs.filter((job) => job.state === "running").map((job) => job.id));
    return placed.edges.map((edge) => ({ ...edge, animated: running.has(edge.target), focusable: false }));
  }, [placed, jobs]);
  const height = Math.min(Math.max(placed.height + 64, LEAST_HEIGHT), MOST_HEIGHT);
  return (
    <div className={styles.graph} style={{ height }}>
      <ReactFlow
        key={key}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.1 }}
        minZoom={0.1}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        zoomOnScroll={false}
        preventScrolling={false}
      >
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}
