import { type ReactNode, useEffect } from "react";
import { visible } from "../lib/visible";
import { Name } from "./name";
import styles from "./page.module.css";

type PageProps = {
  title: string;
  /** Beside the title: a state, a count. */
  aside?: ReactNode;
  actions?: ReactNode;
  /** The page fills the window and its parts scroll by themselves. */
  fill?: boolean;
  children: ReactNode;
};

/** The frame every page stands in: one heading, what belongs to it, what can be done, and the body. */
export function Page({ title, aside, actions, fill = false, children }: PageProps) {
  useEffect(() => {
    document.title = `${visible(title)} · Loom`;
  }, [title]);
  return (
    <div className={fill ? `${styles.page} ${styles.fill}` : styles.page}>
      <header className={styles.header}>
        <h1 className="cut">
          <Name of={title} cut />
        </h1>
        {aside}
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

type PanelProps = {
  label: string;
  head?: ReactNode;
  className?: string | undefined;
  /** Another panel may lie over this one. */
  covered?: boolean;
  children: ReactNode;
};

/** A part of a page with its own surface, named for those who hear the page. */
export function Panel({ label, head, className, covered, children }: PanelProps) {
  return (
    <section
      aria-label={label}
      data-covered={covered}
      className={className ? `${styles.panel} ${className}` : styles.panel}
    >
      {head && <div className={styles.panelHead}>{head}</div>}
      {children}
    </section>
  );
}
