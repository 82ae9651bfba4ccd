import { Icon } from "../../../ui/icon";
import type { Verdict as Of } from "../model/verdict";
import styles from "./editor.module.css";

const ICONS = { good: "check", bad: "cross", wait: "warning" } as const;

/** What there is to say about the whole text; said aloud when it changes. */
export function Verdict({ verdict }: { verdict: Of | undefined }) {
  return (
    <span role="status" className={styles.verdict} data-tone={verdict?.tone} data-verdict={verdict?.tone}>
      {verdict && <Icon name={ICONS[verdict.tone]} size={14} />}
      {verdict?.words}
    </span>
  );
}
