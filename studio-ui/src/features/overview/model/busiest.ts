import type { MapNode } from "../../../api/inside";

const MOST = 5;

/** The nodes that handled the most, the busiest first; none that handled nothing. */
export function busiest(nodes: readonly MapNode[]): MapNode[] {
  return nodes
    .filter(({ rate }) => (rate ?? 0) > 0)
    .sort((a, b) => (b.rate ?? 0) - (a.rate ?? 0) || a.id.localeCompare(b.id))
    .slice(0, MOST);
}
