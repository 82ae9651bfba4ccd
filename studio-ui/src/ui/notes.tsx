import { Button, Loader } from "@mantine/core";
import type { ReactNode } from "react";
import { Icon } from "./icon";
import styles from "./notes.module.css";

/** There is nothing, and this is what to do about it. */
export function EmptyNote({ title, children }: { title: ReactNode; children?: ReactNode }) {
  return (
    <div className={styles.note}>
      <p className={styles.title}>{title}</p>
      {children}
    </div>
  );
}

export function LoadingNote({ what }: { what: string }) {
  return (
    <div className={styles.note} role="status">
      <Loader size={18} aria-hidden />
      <p className="dim">Loading {what} …</p>
    </div>
  );
}

type ErrorNoteProps = { title: string; error: Error; onRetry?: (() => void) | undefined };

/** What failed, why, and the next step. */
export function ErrorNote({ title, error, onRetry }: ErrorNoteProps) {
  return (
    <div className={styles.error} role="alert">
      <Icon name="warning" />
      <div>
        <p className={styles.title}>{title}</p>
        <p>{error.message}</p>
      </div>
      {onRetry && (
        <Button size="compact-sm" variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** More than the page shows at once, and how to see the rest. */
export function TooMuchNote({ children }: { children: ReactNode }) {
  return (
    <p className={styles.tooMuch}>
      <Icon name="warning" size={14} />
      <span>{children}</span>
    </p>
  );
}
