import { useMemo } from "react";
import type { PlannedJob } from "../../../api/types";
import { formatCount } from "../../../lib/format";
import { type GraphNode, JobGraph } from "../../../ui/job-graph/job-graph";

const NONE: ReadonlySet<string> = new Set();

/** The jobs of a text as a graph; nothing has run. */
export function PlanGraph({ jobs, onSelect }: { jobs: readonly PlannedJob[]; onSelect: (job: string) => void }) {
  const nodes = useMemo(() => jobs.map(nodeOf), [jobs]);
  return <JobGraph nodes={nodes} selected={NONE} onSelect={onSelect} room="column" />;
}

function nodeOf(job: PlannedJob): GraphNode {
  const { id, name, needs, matrix, instances } = job;
  return {
    id,
    name,
    needs,
    group: matrix,
    detail: <span className="dim cut">{detail(id, name, matrix, instances)}</span>,
  };
}

function detail(id: string, name: string, matrix: boolean, instances: readonly string[] | undefined): string {
  if (!matrix) return name === id ? "one job" : id;
  return instances === undefined ? "a matrix, known when it runs" : `${formatCount(instances.length)} by its matrix`;
}
