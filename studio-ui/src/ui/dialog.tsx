import { type ReactNode, useLayoutEffect, useRef } from "react";
import styles from "./dialog.module.css";

type DialogProps = {
  label: string;
  className?: string | undefined;
  onClose: () => void;
  children: ReactNode;
};

/** Lies over the page and keeps the keyboard until it is closed; then it is where it was. Escape closes it, and a click beside it. */
export function Dialog({ label, className, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  // Closed before it is taken away: only then the browser gives the keyboard back.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-label={label}
      className={className ? `${styles.dialog} ${className}` : styles.dialog}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => event.target === event.currentTarget && onClose()}
    >
      <div className={styles.body}>{children}</div>
    </dialog>
  );
}
