import styles from "./panel.module.css";
import type { Look } from "./panels";

/** How a line is drawn, beside its name. */
export function Swatch({ look }: { look: Look }) {
  return (
    <svg className={styles.swatch} viewBox="0 0 14 10" aria-hidden>
      <line
        x1="1"
        x2="13"
        y1="5"
        y2="5"
        style={{ stroke: `var(${look.color})` }}
        strokeDasharray={look.dashed ? "4 2" : undefined}
      />
    </svg>
  );
}
