import type { HistoryUnit } from "../../api/history";
import type { Scale } from "../../lib/trends/scale";
import { formatValue } from "../../lib/trends/words";
import type { Steps } from "./cursor";
import styles from "./marks.module.css";
import { levelsWithin, stretchesWithin, type TrendMarks } from "./marks-model";

type MarksProps = { marks: TrendMarks; steps: Steps; scale: Scale; unit: HistoryUnit };

/** Over the lines of a picture: values that they are compared with, and stretches that stand out. What they mean is said in words elsewhere. */
export function Marks({ marks, steps, scale, unit }: MarksProps) {
  return (
    <div className={styles.marks} aria-hidden>
      {stretchesWithin(marks.stretches, steps).map(({ left, width }) => (
        <div
          key={left}
          className={styles.stretch}
          data-stretch
          style={{ left: percent(left), width: percent(width) }}
        />
      ))}
      {levelsWithin(marks.levels, scale).map(({ name, value, share }) => (
        <div key={name} className={styles.level} data-level={name} style={{ bottom: percent(share) }}>
          <span>
            {name} {formatValue(unit, value)}
          </span>
        </div>
      ))}
    </div>
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)}%`;
}
