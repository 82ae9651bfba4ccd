import type { RateLine } from "../api/inside";
import { formatRate } from "../lib/format";
import { Sparkline } from "./chart/sparkline";
import styles from "./rate.module.css";

type RateProps = { perSecond: number | null | undefined; line: RateLine | undefined };

/** Messages a second, now as a number and lately as a line. */
export function Rate({ perSecond, line }: RateProps) {
  return (
    <span className={styles.rate}>
      <Sparkline line={line} />
      <span className={styles.number}>{formatRate(perSecond)}</span>
    </span>
  );
}
