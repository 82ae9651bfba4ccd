import { Link } from "@tanstack/react-router";
import type { HistoryBy, HistoryMetric } from "../api/history";
import { Icon } from "./icon";
import styles from "./warn-link.module.css";

type WarnLinkProps = {
  metric: HistoryMetric;
  by: HistoryBy;
  filter?: string | undefined;
  /** What is warned of, as it is said aloud. */
  spoken: string;
  /** Only the icon is drawn. */
  iconOnly?: boolean;
};

/** Leads to the form of a new rule, filled in with what is looked at. */
export function WarnLink({ metric, by, filter = "", spoken, iconOnly = false }: WarnLinkProps) {
  const words = `Warn me about ${spoken}`;
  const about = { metric, by, ...(filter !== "" && { filter }) };
  return (
    <Link
      to="/warnings"
      search={{ view: "rules", rule: "new", ...about }}
      className={styles.link}
      {...(iconOnly && { title: words })}
    >
      <Icon name="bell" size={14} />
      <span className={iconOnly ? "visually-hidden" : undefined}>{words}</span>
    </Link>
  );
}
