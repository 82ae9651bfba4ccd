import { formatCount } from "../../../lib/format";
import { StateWord } from "../../../ui/state-word";
import type { Count } from "../model/job-tree";
import styles from "./state-counts.module.css";

type StateCountsProps = {
  counts: readonly Count[];
  /** Only the first few, where there is little room. */
  most?: number;
};

/** How many jobs of a group are in which state: icon, number, and the word for those who hear it. */
export function StateCounts({ counts, most = counts.length }: StateCountsProps) {
  return (
    <span className={styles.counts}>
      {counts.slice(0, most).map(({ state, count }) => (
        <span key={state} className={styles.count} data-count-of={state}>
          <StateWord state={state} iconOnly />
          {formatCount(count)}
        </span>
      ))}
      {counts.length > most && <span>…</span>}
    </span>
  );
}
