import type { FormEvent, ReactNode } from "react";
import styles from "./lone-card.module.css";

type LoneCardProps = {
  /** What is done once it is sent; without it the card is no form. */
  onSubmit?: (event: FormEvent) => void;
  children: ReactNode;
};

/** A card that stands in place of every page. */
export function LoneCard({ onSubmit, children }: LoneCardProps) {
  return (
    <main className={styles.ground}>
      {onSubmit ? (
        <form className={styles.card} onSubmit={onSubmit}>
          {children}
        </form>
      ) : (
        <div className={styles.card}>{children}</div>
      )}
    </main>
  );
}
