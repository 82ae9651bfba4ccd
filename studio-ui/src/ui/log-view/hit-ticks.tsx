import { useMemo } from "react";
import type { Rows } from "../../lib/logs/rows";
import styles from "./hit-ticks.module.css";

/** Ticks at most; more would be one line. */
const TICKS = 200;

type HitTicksProps = { lines: readonly number[]; rows: Rows; current: number | undefined };

/** Where in the log the hits are, beside its scroll bar. Who cannot see it has the count, and the next one. */
export function HitTicks({ lines, rows, current }: HitTicksProps) {
  const ticks = useMemo(() => {
    const tick = (line: number) => Math.floor((rows.rowOfLine(line) / Math.max(1, rows.count)) * TICKS);
    return { all: [...new Set(lines.map(tick))], of: tick };
  }, [lines, rows]);
  if (lines.length === 0) return null;
  const at = current === undefined ? undefined : lines[current];
  const now = at === undefined ? undefined : ticks.of(at);
  return (
    <div className={styles.ticks} aria-hidden="true" data-testid="hit-ticks">
      {ticks.all.map((tick) => (
        <i key={tick} data-current={tick === now} style={{ top: `${(tick * 100) / TICKS}%` }} />
      ))}
    </div>
  );
}
