import "@xyflow/react/dist/base.css";
import { useMediaQuery } from "@mantine/hooks";
import { Controls, type Edge, type Node, ReactFlow } from "@xyflow/react";
import { useMemo } from "react";
import { type Direction, place, shapeKey, shapeOf } from "../model/dag";
import { countsOf, type TreeNode } from "../model/job-tree";
import styles from "./job-graph.module.css";
import { JobNode, type JobNodeData } from "./job-node";

const NODE_TYPES = { job: JobNode };
const LEAST_HEIGHT = 120;
const MOST_HEIGHT = 300;
/** Where the graph goes down, it needs the height. */
const MOST_HEIGHT_DOWN = 440;
/** Around the nodes; below them stand the buttons. */
const PADDING = { x: "16px", top: "16px", bottom: "44px" } as const;
const NARROW = "(max-width: 760px)";

type JobGraphProps = {
  nodes: readonly TreeNode[];
  /** The job that is shown, and the groups it is in. */
  selected: ReadonlySet<string>;
  onSelect: (id: string) => void;
};

/** The jobs as a graph, a group as one node, left to right (or downwards) in the order they need each other. The list of jobs says the same in words. */
export function JobGraph({ nodes: tree, selected, onSelect }: JobGraphProps) {
  const key = shapeKey(shapeOf(tree.map(({ job }) => job)));
  const direction: Direction = useMediaQuery(NARROW, false, { getInitialValueInEffect: false }) ? "down" : "right";
  const placed = useMemo(() => place(JSON.parse(key), direction), [key, direction]);
  const nodes = useMemo<Node<JobNodeData>[]>(() => {
    const byId = new Map(tree.map((node) => [node.job.id, node]));
    return placed.nodes.flatMap(({ id, x, y }) => {
      const node = byId.get(id);
      if (node === undefined) return [];
      const data = { job: node.job, counts: countsOf(node), direction, selected: selected.has(id), onSelect };
      return { id, type: "job", position: { x, y }, data };
    });
  }, [placed, tree, direction, selected, onSelect]);
  const edges = useMemo<Edge[]>(() => {
    const running = new Set(tree.filter(({ job }) => job.state === "running").map(({ job }) => job.id));
    return placed.edges.map((edge) => ({ ...edge, animated: running.has(edge.target), focusable: false }));
  }, [placed, tree]);
  const most = direction === "down" ? MOST_HEIGHT_DOWN : MOST_HEIGHT;
  const height = Math.min(Math.max(placed.height + 60, LEAST_HEIGHT), most);
  return (
    <div className={styles.graph} style={{ height }}>
      <ReactFlow
        key={direction + key}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: PADDING }}
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
        <Controls showInteractive={false} orientation="horizontal" fitViewOptions={{ maxZoom: 1, padding: PADDING }} />
      </ReactFlow>
    </div>
  );
}
