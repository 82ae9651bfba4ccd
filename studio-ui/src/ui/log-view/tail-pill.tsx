import { formatCount } from "../../lib/format";
import { Icon } from "../icon";
import styles from "./log-view.module.css";

type TailPillProps = {
  /** Lines that came since the reader left the end. */
  fresh: number;
  complete: boolean;
  onClick: () => void;
};

export function TailPill({ fresh, complete, onClick }: TailPillProps) {
  return (
    <button type="button" className={styles.pill} onClick={onClick}>
      <Icon name="down" size={14} />
      {pillText(fresh, complete)}
    </button>
  );
}

function pillText(fresh: number, complete: boolean): string {
  if (fresh > 0) return `${formatCount(fresh)} new`;
  return complete ? "To the end" : "Follow";
}
