import type { Diagnostic } from "../../../api/types";
import { formatCount } from "../../../lib/format";
import styles from "./workflow-table.module.css";

/** Diagnostics shown of one file; its first mistakes are the ones to mend first. */
const MOST = 20;

/** What is wrong with a workflow file, and where. */
export function Diagnostics({ of, diagnostics }: { of: string; diagnostics: readonly Diagnostic[] }) {
  return (
    <ul className={styles.list} aria-label={`What is wrong in ${of}`}>
      {diagnostics.slice(0, MOST).map((diagnostic, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a diagnostic has no identity; the list is replaced as a whole.
        <li key={index}>
          <span className={styles.severity} data-severity={diagnostic.severity}>
            {diagnostic.severity}
          </span>
          <span className={`mono ${styles.place}`}>{place(of, diagnostic)}</span>
          <span className={styles.message}>
            {diagnostic.message}
            {diagnostic.help && <span className="dim"> {diagnostic.help}</span>}
          </span>
        </li>
      ))}
      {diagnostics.length > MOST && <li className="dim">and {formatCount(diagnostics.length - MOST)} more</li>}
    </ul>
  );
}

function place(of: string, { file, line, column }: Diagnostic): string {
  return [file ?? of, line, column].filter((part) => part !== undefined).join(":");
}
