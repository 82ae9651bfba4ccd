import type { ReactNode } from "react";
import type { IconName } from "./icon";
import { Icon } from "./icon";
import styles from "./need-list.module.css";
import { Age } from "./time";

/** Something that somebody should look at. */
export type Need = {
  key: string;
  /** A page of ours that tells all of it: a warning that leads there says nothing more. */
  path?: string;
  /** `problem` is wrong now, `warning` soon may be. */
  severity: "problem" | "warning";
  icon?: IconName;
  /** What it is about; leads there. */
  subject: ReactNode;
  /** What is wrong with it. */
  sentence: ReactNode;
  /** The words that say most, as they were written. */
  quote?: string | undefined;
  since?: string | undefined;
};

/** Problems before warnings, the newest of each first. */
export function inOrder(needs: readonly Need[]): Need[] {
  const weight = (need: Need) => (need.severity === "problem" ? 0 : 1);
  return [...needs].sort((a, b) => weight(a) - weight(b) || (b.since ?? "").localeCompare(a.since ?? ""));
}

/** What needs somebody: one a row, what it is, what is wrong, since when. */
export function NeedList({ needs }: { needs: readonly Need[] }) {
  return (
    <ul className={styles.list}>
      {needs.map(({ key, severity, icon, subject, sentence, quote, since }) => (
        <li key={key} className={styles.need} data-severity={severity} data-need={key}>
          <Icon name={icon ?? (severity === "problem" ? "cross" : "warning")} />
          <span className="visually-hidden">{severity}: </span>
          <div className={styles.body}>
            <span className={styles.subject}>{subject}</span> <span className={styles.sentence}>{sentence}</span>
            {quote !== undefined && <code className={styles.quote}>{quote}</code>}
          </div>
          {since !== undefined && (
            <span className={styles.since}>
              <Age of={since} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
