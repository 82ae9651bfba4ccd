import { EmptyNote } from "../../../ui/notes";
import styles from "../actors-page.module.css";

/** The filter finds nobody. */
export function NoMatch({ onClear }: { onClear: () => void }) {
  return (
    <EmptyNote title="No actor matches.">
      <button type="button" className={styles.clear} onClick={onClear}>
        Clear the filters
      </button>
    </EmptyNote>
  );
}
