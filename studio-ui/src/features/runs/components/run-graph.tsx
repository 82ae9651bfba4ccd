import { useMemo } from "react";
import { jobState } from "../../../lib/jobs";
import { type GraphNode, JobGraph } from "../../../ui/job-graph/job-graph";
import { stateLook } from "../../../ui/state-look";
import { StateWord } from "../../../ui/state-word";
import { Elapsed } from "../../../ui/time";
import { countsOf, type TreeNode } from "../model/job-tree";
import { StateCounts } from "./state-counts";
import styles from "./state-counts.module.css";

/** A node has room for so many; the list has them all. */
const MOST_COUNTS = 3;

type RunGraphProps = {
  nodes: readonly TreeNode[];
  /** The job that is shown, and the groups it is in. */
  selected: ReadonlySet<string>;
  onSelect: (id: string) => void;
};

/** The jobs of a run as a graph. The list of jobs says the same in words. */
export function RunGraph({ nodes, ...rest }: RunGraphProps) {
  const jobs = useMemo(() => nodes.map(nodeOf), [nodes]);
  return <JobGraph nodes={jobs} {...rest} />;
}

function nodeOf(node: TreeNode): GraphNode {
  const { job } = node;
  const counts = countsOf(node);
  const group = counts.length > 0;
  return {
    id: job.id,
    name: job.name,
    needs: job.needs ?? [],
    state: job.state,
    tone: stateLook(jobState(job)).tone,
    group,
    lead: group && <StateWord state={job.state} iconOnly />,
    detail: (
      <>
        {group ? <StateCounts counts={counts} most={MOST_COUNTS} /> : <StateWord state={jobState(job)} />}
        {job.startedAt !== undefined && counts.length < MOST_COUNTS && (
          <span className={styles.took}>
            <Elapsed from={job.startedAt} to={job.finishedAt} />
          </span>
        )}
      </>
    ),
  };
}
