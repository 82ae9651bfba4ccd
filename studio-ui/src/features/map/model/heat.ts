/** How hot a node is by what somebody looks for, and in which words. */

import type { MapNode } from "../../../api/inside";
import { formatCount, formatMillis, formatRate } from "../../../lib/format";

export const HEATS = ["wait", "errors", "queue"] as const;

export type Heat = (typeof HEATS)[number];

export const HEAT_WORDS: Record<Heat, string> = { wait: "waiting", errors: "errors", queue: "queue" };

/** From which value each level begins: milliseconds of waiting, errors a second, messages in the queue. */
const LEVELS: Record<Heat, readonly number[]> = {
  wait: [1, 10, 100, 1000],
  errors: [Number.MIN_VALUE, 0.1, 1, 10],
  queue: [1, 10, 100, 1000],
};

export function measured(node: MapNode, heat: Heat): number | undefined {
  return { wait: node.waitMs, errors: node.errors, queue: node.queue }[heat] ?? undefined;
}

/** From 0, cool, to 4; cool too where it is not known. The levels are the same for all, so a calm system looks calm. */
export function heatOf(node: MapNode, heat: Heat): number {
  const value = measured(node, heat);
  return value === undefined ? 0 : LEVELS[heat].filter((from) => value >= from).length;
}

/** Nothing where there is nothing to say. */
export function heatText(node: MapNode, heat: Heat): string | undefined {
  const value = measured(node, heat);
  if (value === undefined || value === 0) return undefined;
  const word = { wait: formatMillis, errors: formatRate, queue: formatCount }[heat](value);
  return `${HEAT_WORDS[heat]} ${word}`;
}
