/** The map as a plane: who stands where depends only on who is there and who has ever been heard to send to whom. */

import { Graph, layout } from "@dagrejs/dagre";
import type { ActorMap, MapEdge, MapNode } from "../../../api/inside";

export const NODE_WIDTH = 232;
export const NODE_HEIGHT = 52;
/** Lines beyond these are neither drawn nor told apart; the table has them all. */
export const MOST_EDGES = 400;

/** Who sends without being an observed actor. No actor's id is empty. */
export const OUTSIDE = "";

export type Pair = { from: string; to: string };

/** Who stands in the picture and along which lines it was laid out. */
export type Shape = { ids: readonly string[]; pairs: readonly Pair[]; key: string };

export const NO_SHAPE: Shape = { ids: [], pairs: [], key: "[[],[]]" };

export type Drawn = {
  nodes: readonly MapNode[];
  edges: readonly MapEdge[] /** Lines that are left out. */;
  left: number;
};

/** The liveliest lines, and whoever sends from outside as a node of its own. */
export function drawnOf(map: ActorMap): Drawn {
  const known = new Set(map.nodes.map(({ id }) => id));
  const all = map.edges.filter(({ from, to }) => known.has(to) && (!from || known.has(from)));
  const edges = [...all].sort((a, b) => b.rate - a.rate).slice(0, MOST_EDGES);
  const outside: MapNode[] = edges.some(({ from }) => !from) ? [{ id: OUTSIDE, type: "outside", count: 0 }] : [];
  return { nodes: [...outside, ...map.nodes], edges, left: all.length - edges.length };
}

/** The shape with what is new in it. Lines that fell silent stay, so that nothing moves when they speak again; nodes that are gone go. */
export function grown(before: Shape, { nodes, edges }: Drawn): Shape {
  const ids = nodes.map(({ id }) => id).sort();
  const here = new Set(ids);
  const pairs = new Map<string, Pair>();
  for (const pair of [...before.pairs, ...edges.map(({ from, to }) => ({ from: from ?? OUTSIDE, to }))]) {
    if (here.has(pair.from) && here.has(pair.to) && pair.from !== pair.to) pairs.set(JSON.stringify(pair), pair);
  }
  const sorted = [...pairs.keys()].sort();
  const key = JSON.stringify([ids, sorted]);
  return key === before.key ? before : { ids, pairs: sorted.flatMap((pair) => pairs.get(pair) ?? []), key };
}

export type Place = { id: string; x: number; y: number };

const GAP = 24;

/** Where those stand who receive: to the right of those who send, or below them where there is little width. */
export type Direction = "right" | "down";

/** From those who send to those who only receive; those that nothing joins stand below in rows. */
export function place(shape: Shape, direction: Direction = "right"): Place[] {
  const joined = new Set(shape.pairs.flatMap(({ from, to }) => [from, to]));
  const graph = new Graph();
  graph.setGraph(
    direction === "right" ? { rankdir: "LR", nodesep: GAP, ranksep: 96 } : { rankdir: "TB", nodesep: GAP, ranksep: 56 },
  );
  graph.setDefaultEdgeLabel(() => ({}));
  // The layout keeps names as keys of plain objects, where an actor called `constructor` would break it: it gets numbers.
  const names = new Map(shape.ids.map((id, index) => [id, `n${index}`]));
  const inside = shape.ids.filter((id) => joined.has(id));
  for (const id of inside) graph.setNode(names.get(id) ?? "", { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const { from, to } of shape.pairs) graph.setEdge(names.get(from) ?? "", names.get(to) ?? "");
  layout(graph);
  const size = graph.graph() as { width?: number; height?: number };
  const placed = inside.map((id) => {
    const { x, y } = graph.node(names.get(id) ?? "") as { x: number; y: number };
    return { id, x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 };
  });
  const alone = shape.ids.filter((id) => !joined.has(id));
  const square = direction === "right" ? Math.ceil(Math.sqrt(alone.length)) : 1;
  const columns = Math.max(square, Math.floor(((size.width ?? 0) + GAP) / (NODE_WIDTH + GAP)), 1);
  const below = inside.length === 0 ? 0 : (size.height ?? 0) + 2 * GAP;
  return [
    ...placed,
    ...alone.map((id, index) => ({
      id,
      x: (index % columns) * (NODE_WIDTH + GAP),
      y: below + Math.floor(index / columns) * (NODE_HEIGHT + GAP),
    })),
  ];
}

/** The nearest node in the direction of an arrow key; those straight ahead before those aside. */
export function neighbour(places: readonly Place[], from: string, key: string): string | undefined {
  const direction = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
  const here = places.find(({ id }) => id === from);
  if (direction === undefined || here === undefined) return undefined;
  const [dx = 0, dy = 0] = direction;
  let best: { id: string; cost: number } | undefined;
  for (const { id, x, y } of places) {
    const ahead = (x - here.x) * dx + (y - here.y) * dy;
    if (ahead <= 1) continue;
    const aside = Math.abs((x - here.x) * dy) + Math.abs((y - here.y) * dx);
    const cost = ahead + 2 * aside;
    if (best === undefined || cost < best.cost) best = { id, cost };
  }
  return best?.id;
}
