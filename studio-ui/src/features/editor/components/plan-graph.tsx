import { useMemo } from "react";
import type { PlannedJob } from "../../../api/types";
import { formatCount } from "../../../lib/format";
import { visible } from "../../../lib/visible";
import { type GraphNode, JobGraph } from "../../../ui/job-graph/job-graph";

const NONE: ReadonlySet<string> = new Set();

/** The jobs of a text as a graph; nothing has run. */
export function PlanGraph({ jobs, onSelect }: { jobs: readonly PlannedJob[]; onSelect: (job: string) => void }) {
  const nodes = useMemo(() => jobs.map(nodeOf), [jobs]);
  return <JobGraph nodes={nodes} selected={NONE} onSelect={onSelect} room="column" />;
}

function nodeOf(job: PlannedJob): GraphNode {
  const { id, name, needs, matrix } = job;
  return { id, name, needs, group: matrix, detail: <span className="dim cut">{detailOf(job)}</span> };
}

function detailOf({ id, name, needs, matrix, instances }: PlannedJob): string {
  if (matrix) return instances ? `${formatCount(instances.length)} by its matrix` : "a matrix, known when it runs";
  if (name !== id) return visible(id);
  return needs.length === 0 ? "needs nothing" : `needs ${visible(needs.join(", "))}`;
}
