import "@xyflow/react/dist/base.css";
import { useMediaQuery } from "@mantine/hooks";
import { Controls, type Edge, type Node, ReactFlow } from "@xyflow/react";
import { type ReactNode, useMemo } from "react";
import { UNMARKED } from "../graph";
import type { Tone } from "../state-look";
import { better, type Direction, place, shapeKey, shapeOf } from "./dag";
import styles from "./job-graph.module.css";
import { JobNode, type JobNodeData } from "./job-node";

const NODE_TYPES = { job: JobNode };
const LEAST_HEIGHT = 120;
const MOST_HEIGHT = 300;
/** Where the graph goes down, it needs the height. */
const MOST_HEIGHT_DOWN = 440;
/** About the room of a column beside something else. */
const COLUMN = { width: 440, height: 320 };
/** Around the nodes; below them stand the buttons. */
const PADDING = { x: "16px", top: "16px", bottom: "44px" } as const;
const NARROW = "(max-width: 760px)";

/** A job, or a group of jobs, in the picture. */
export type GraphNode = {
  id: string;
  name: string;
  needs: readonly string[];
  /** Its state, where it has run or will. */
  state?: string;
  tone?: Tone;
  /** Whether it stands for several. */
  group?: boolean;
  /** Before its name. */
  lead?: ReactNode;
  /** Below its name. */
  detail: ReactNode;
};

type JobGraphProps = {
  nodes: readonly GraphNode[];
  /** The job that is shown, and the groups it is in. */
  selected: ReadonlySet<string>;
  onSelect: (id: string) => void;
  /** A strip over what else there is, as high as it has to be; or a column beside it, which it fills. */
  room?: "strip" | "column";
};

/** Jobs as a graph, a group as one node, left to right (or downwards) in the order they need each other. */
export function JobGraph({ nodes: jobs, selected, onSelect, room = "strip" }: JobGraphProps) {
  const key = shapeKey(shapeOf(jobs));
  const narrow = useMediaQuery(NARROW, false, { getInitialValueInEffect: false });
  const { placed, direction } = useMemo(() => {
    const shape = JSON.parse(key);
    const strip: Direction = narrow ? "down" : "right";
    const direction = room === "column" ? better(shape, COLUMN) : strip;
    return { placed: place(shape, direction), direction };
  }, [key, room, narrow]);
  const nodes = useMemo<Node<JobNodeData>[]>(() => {
    const byId = new Map(jobs.map((job) => [job.id, job]));
    return placed.nodes.flatMap(({ id, x, y }) => {
      const job = byId.get(id);
      if (job === undefined) return [];
      const data = { job, direction, selected: selected.has(id), onSelect };
      return { id, type: "job", position: { x, y }, data };
    });
  }, [placed, jobs, direction, selected, onSelect]);
  const edges = useMemo<Edge[]>(() => {
    const running = new Set(jobs.filter(({ state }) => state === "running").map(({ id }) => id));
    return placed.edges.map((edge) => ({ ...edge, animated: running.has(edge.target), focusable: false }));
  }, [placed, jobs]);
  const most = direction === "down" ? MOST_HEIGHT_DOWN : MOST_HEIGHT;
  const height = room === "column" ? "100%" : Math.min(Math.max(placed.height + 60, LEAST_HEIGHT), most);
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
        proOptions={UNMARKED}
      >
        <Controls showInteractive={false} orientation="horizontal" fitViewOptions={{ maxZoom: 1, padding: PADDING }} />
      </ReactFlow>
    </div>
  );
}
