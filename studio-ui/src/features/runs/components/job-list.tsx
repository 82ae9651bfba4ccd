import { useState } from "react";
import type { Job } from "../../../api/types";
import { formatCount, plural } from "../../../lib/format";
import { Icon } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import { StateWord } from "../../../ui/state-word";
import { Elapsed } from "../../../ui/time";
import { countsOf, type TreeNode, total } from "../model/job-tree";
import styles from "./job-list.module.css";
import { JobRow } from "./job-row";
import { Outputs } from "./outputs";
import { StateCounts } from "./state-counts";
import type { OnStep } from "./step-list";

/** Rows of one level that are shown before somebody asks for more. */
const PORTION = 100;

export type JobListProps = {
  nodes: readonly TreeNode[];
  jobs: ReadonlyMap<string, Job>;
  /** The job whose log is shown, and the groups it is in. */
  selected: ReadonlySet<string>;
  /** The job or group that the address names. */
  chosen: string | undefined;
  /** The job whose log is shown as it was at an earlier attempt, if that is looked at. */
  attempted: Job | undefined;
  /** The job whose log is shown as it ran in an earlier attempt of its run, if it was reused from there. */
  ran: Job | undefined;
  onSelect: (id: string) => void;
  onStep: OnStep;
};

/** The graph in words; a group is one row until it is opened, and under the chosen job are its steps. */
export function JobList(props: JobListProps) {
  const { nodes, ...rest } = props;
  const [most, setMost] = useState(PORTION);
  // The one in sight is there wherever it stands.
  const shown = nodes.filter((node, index) => index < most || props.selected.has(node.job.id));
  return (
    <ul className={styles.jobs}>
      {shown.map((node) =>
        node.children.length > 0 ? (
          <Group key={node.job.id} node={node} {...rest} />
        ) : (
          <JobRow key={node.job.id} job={node.job} {...rest} />
        ),
      )}
      {nodes.length > shown.length && (
        <li>
          <button type="button" className={styles.more} onClick={() => setMost(most + PORTION)}>
            Show {formatCount(Math.min(PORTION, nodes.length - most))} more of {formatCount(nodes.length)}
          </button>
        </li>
      )}
    </ul>
  );
}

function Group({ node, ...rest }: Omit<JobListProps, "nodes"> & { node: TreeNode }) {
  const { job, children } = node;
  const [toggled, setToggled] = useState<boolean | undefined>(undefined);
  const open = toggled ?? rest.chosen === job.id;
  const counts = countsOf(node);
  // Folded it still shows where the reader is.
  const shown = open ? children : children.filter((child) => rest.selected.has(child.job.id));
  return (
    <li data-job={job.id} data-job-state={job.state} data-group>
      <button type="button" className={styles.job} aria-expanded={open} onClick={() => setToggled(!open)}>
        <span className={styles.line}>
          <Icon name={open ? "unfolded" : "folded"} size={12} className={styles.chevron} />
          <span className={`cut ${styles.name}`}>
            <Name of={job.name} cut />
          </span>
          <StateWord state={job.state} />
          <span className={styles.took}>{job.startedAt && <Elapsed from={job.startedAt} to={job.finishedAt} />}</span>
        </span>
        <span className={`${styles.detail} ${styles.counts}`}>
          {plural(total(counts), "job")} <StateCounts counts={counts} />
        </span>
        {job.calls !== undefined && (
          <span className={`cut ${styles.detail} ${styles.calls}`}>
            calls <Name of={job.calls} cut mono />
          </span>
        )}
      </button>
      {open && <Outputs of={job.name} values={job.outputs} />}
      {shown.length > 0 && (
        <div className={styles.nested}>
          <JobList nodes={shown} {...rest} />
        </div>
      )}
    </li>
  );
}
