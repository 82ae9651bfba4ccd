/** Jobs and what they need, placed on a plane. Depends on the shape alone, so a changed state never moves a node. */

import { Graph, layout } from "@dagrejs/dagre";

export const NODE_WIDTH = 184;
export const NODE_HEIGHT = 48;

/** Between jobs that nothing joins, which stand in rows of so many where they are more than a few. */
const GAP = 16;
const COLUMNS = 5;
const FEW = 3;

export type Shape = readonly { id: string; needs: readonly string[] }[];

export type PlacedNode = { id: string; x: number; y: number };
export type Placed = {
  nodes: PlacedNode[];
  edges: { id: string; source: string; target: string }[];
  width: number;
  height: number;
};

/** What the picture depends on. */
export function shapeOf<T extends { id: string; needs?: readonly string[] }>(jobs: readonly T[]): Shape {
  return jobs.map((job) => ({ id: job.id, needs: job.needs ?? [] }));
}

/** Equal texts for equal shapes. */
export function shapeKey(shape: Shape): string {
  return JSON.stringify(shape);
}

/** The direction in which the picture is larger in such a room. */
export function better(shape: Shape, room: { width: number; height: number }): Direction {
  const zoom = (direction: Direction) => {
    const { width, height } = place(shape, direction);
    return Math.min(1, room.width / width, room.height / height);
  };
  return zoom("right") > zoom("down") ? "right" : "down";
}

/** Where the jobs that need others stand: to the right of them, or below them where there is little width. */
export type Direction = "right" | "down";

export function place(shape: Shape, direction: Direction = "right"): Placed {
  const names = new Set(shape.map((job) => job.id));
  const joined = new Set(
    shape.flatMap((job) => {
      const needs = job.needs.filter((need) => names.has(need));
      return needs.length > 0 ? [job.id, ...needs] : [];
    }),
  );
  const alone = shape.filter((job) => !joined.has(job.id));
  // A few stand well one below the other.
  if (direction === "down" || alone.length <= FEW) return placeAll(shape, direction);
  const placed = placeAll(
    shape.filter((job) => joined.has(job.id)),
    direction,
  );
  const below = placed.nodes.length === 0 ? 0 : placed.height + GAP;
  const columns = Math.min(alone.length, Math.max(COLUMNS, Math.floor(placed.width / (NODE_WIDTH + GAP))));
  const nodes = alone.map(({ id }, index) => ({
    id,
    x: (index % columns) * (NODE_WIDTH + GAP),
    y: below + Math.floor(index / columns) * (NODE_HEIGHT + GAP),
  }));
  return {
    nodes: [...placed.nodes, ...nodes],
    edges: placed.edges,
    width: Math.max(placed.width, columns * (NODE_WIDTH + GAP) - GAP),
    height: below + Math.ceil(alone.length / columns) * (NODE_HEIGHT + GAP) - GAP,
  };
}

function placeAll(shape: Shape, direction: Direction): Placed {
  const graph = new Graph();
  graph.setGraph(
    direction === "right" ? { rankdir: "LR", nodesep: 16, ranksep: 48 } : { rankdir: "TB", nodesep: 12, ranksep: 32 },
  );
  graph.setDefaultEdgeLabel(() => ({}));
  // The layout keeps names as keys of plain objects, where a job called `constructor` would break it: it gets numbers.
  const names = new Map(shape.map((job, index) => [job.id, `n${index}`]));
  for (const name of names.values()) graph.setNode(name, { width: NODE_WIDTH, height: NODE_HEIGHT });
  const edges = shape.flatMap((job) =>
    job.needs
      .filter((need) => names.has(need))
      .map((need) => ({ id: JSON.stringify([need, job.id]), source: need, target: job.id })),
  );
  for (const edge of edges) graph.setEdge(names.get(edge.source) ?? "", names.get(edge.target) ?? "");
  layout(graph);
  const size = graph.graph() as { width?: number; height?: number };
  return {
    nodes: shape.map(({ id }) => corner(id, graph.node(names.get(id) ?? "") as { x: number; y: number })),
    edges,
    width: size.width ?? 0,
    height: size.height ?? 0,
  };
}

/** The layout names the middle of a node, the picture its corner. */
function corner(id: string, middle: { x: number; y: number }): PlacedNode {
  return { id, x: middle.x - NODE_WIDTH / 2, y: middle.y - NODE_HEIGHT / 2 };
}
