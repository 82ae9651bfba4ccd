/** The jobs of a run as a tree: the combinations of a matrix under their job, those of a called workflow under the caller. */

import type { Job } from "../../../api/types";
import { above, jobState } from "../../../lib/jobs";

export type TreeNode = { job: Job; children: TreeNode[] };

export function jobTree(jobs: readonly Job[]): TreeNode[] {
  const nodes = new Map<string, TreeNode>(jobs.map((job) => [job.id, { job, children: [] }]));
  const parents = new Map(jobs.map((job) => [job.id, job.parent]));
  const roots: TreeNode[] = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(node.job.parent ?? "");
    const goesRound = parent !== undefined && above(parent.job.id, parents).includes(node.job.id);
    if (parent === undefined || parent === node || goesRound) roots.push(node);
    else parent.children.push(node);
  }
  // A frame that tells of what changed puts new ones last, whichever number they have.
  for (const { children } of nodes.values()) children.sort((a, b) => place(a) - place(b));
  return roots;
}

/** The number of a combination among those of its matrix. */
function place({ job }: TreeNode): number {
  return Number(/#(\d+)$/.exec(job.id)?.[1] ?? 0);
}

/** The ids of a job and of the groups it is in. */
export function lineOf(jobs: readonly Job[], id: string | undefined): ReadonlySet<string> {
  if (id === undefined) return new Set();
  return new Set([id, ...above(id, new Map(jobs.map((job) => [job.id, job.parent])))]);
}

export type Count = { state: string; count: number };

/** What asks for attention comes first. */
const ORDER = ["paused", "failure", "lost", "running", "queued", "waiting", "cancelled", "skipped", "success"];

/** How many jobs of a group are in which state; groups within it do not count, their jobs do. */
export function countsOf(node: TreeNode): Count[] {
  const counts = new Map<string, number>();
  const count = (state: string) => counts.set(state, (counts.get(state) ?? 0) + 1);
  const visit = ({ job, children }: TreeNode) => {
    if (children.length === 0) count(jobState(job));
    for (const child of children) visit(child);
  };
  for (const child of node.children) visit(child);
  const known = ORDER.flatMap((state) => {
    const count = counts.get(state);
    return count === undefined ? [] : [{ state, count }];
  });
  const others = [...counts].filter(([state]) => !ORDER.includes(state)).map(([state, count]) => ({ state, count }));
  return [...others, ...known];
}

export function total(counts: readonly Count[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}
