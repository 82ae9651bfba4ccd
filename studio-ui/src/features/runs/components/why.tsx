import { visible } from "../../../lib/visible";
import { stateLook } from "../../../ui/state-look";
import styles from "./run-page.module.css";

/** Why something ended as it did. */
export function Why({ state, text }: { state: string; text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <p className={styles.reason} data-tone={stateLook(state).tone}>
      {visible(text)}
    </p>
  );
}
