import { Sentence } from "../../../ui/sentence";
import { stateLook } from "../../../ui/state-look";
import styles from "./run-page.module.css";

/** Why something ended as it did, and what to do about it. */
export function Why({ state, text, next }: { state: string; text: string | undefined; next?: string | undefined }) {
  if (text === undefined && next === undefined) return null;
  return (
    <p className={styles.reason} data-tone={stateLook(state).tone}>
      {text !== undefined && <Sentence text={text} />}
      {next !== undefined && (
        <span className={styles.next}>
          <Sentence text={next} />
        </span>
      )}
    </p>
  );
}
