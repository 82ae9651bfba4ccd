/** The steps of a job as a tree: those that a composite action brought stand under the step that used it. */

import type { Step } from "../api/types";

export type StepNode = { step: Step; children: StepNode[] };

/** What ran before, as written, and at the end of the job. */
export type StepTree = { pre: StepNode[]; main: StepNode[]; post: StepNode[] };

export function stepTree(steps: readonly Step[]): StepTree {
  const nodes = new Map<string, StepNode>(steps.map((step) => [step.id, { step, children: [] }]));
  const tree: StepTree = { pre: [], main: [], post: [] };
  for (const node of nodes.values()) {
    const parent = parentOf(node, nodes);
    if (parent) parent.children.push(node);
    else tree[phaseOf(node.step)].push(node);
  }
  // The last to begin is the first to clean up.
  tree.post.reverse();
  return tree;
}

/** The step above, unless that is unknown, of another phase or, against all sense, below this one. */
function parentOf(node: StepNode, nodes: ReadonlyMap<string, StepNode>): StepNode | undefined {
  const parent = nodes.get(node.step.parent ?? "");
  if (!parent || phaseOf(parent.step) !== phaseOf(node.step)) return undefined;
  const seen = new Set<StepNode>();
  for (let next: StepNode | undefined = parent; next; next = nodes.get(next.step.parent ?? "")) {
    if (next === node || seen.has(next)) return undefined;
    seen.add(next);
  }
  return parent;
}

function phaseOf(step: Step): keyof StepTree {
  return step.phase === "pre" || step.phase === "post" ? step.phase : "main";
}

/** Which step comes before which, for whoever looks for one in a log. */
export class StepOrder {
  readonly #places = new Map<string, { first: number; last: number; path: readonly Step[] }>();

  constructor(steps: readonly Step[]) {
    let next = 0;
    const visit = (node: StepNode, above: readonly Step[]) => {
      const first = next;
      next += 1;
      const path = [...above, node.step];
      for (const child of node.children) visit(child, path);
      this.#places.set(node.step.id, { first, last: next - 1, path });
    };
    const { pre, main, post } = stepTree(steps);
    for (const node of [...pre, ...main, ...post]) visit(node, []);
  }

  /** A step's place among all; undefined while it is not known. */
  rank(id: string): number | undefined {
    return this.#places.get(id)?.first;
  }

  /** The places of a step and of all below it. */
  span(id: string): { first: number; last: number } | undefined {
    return this.#places.get(id);
  }

  /** The step with those that brought it, the outermost first. */
  path(id: string): readonly Step[] {
    return this.#places.get(id)?.path ?? [];
  }

  /** Whether a step is another one or below it. */
  isWithin(id: string, outer: string): boolean {
    const rank = this.rank(id);
    const span = this.span(outer);
    if (rank === undefined || span === undefined) return id === outer;
    return rank >= span.first && rank <= span.last;
  }
}
