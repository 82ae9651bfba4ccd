import { UNKNOWN } from "../lib/format";
import { visible } from "../lib/visible";
import { Icon } from "./icon";
import { stateLook } from "./state-look";
import styles from "./state-word.module.css";

type StateWordProps = {
  state: string | undefined;
  /** Only the icon is drawn; the word is still read aloud. */
  iconOnly?: boolean;
};

/** A state as icon, word and colour. */
export function StateWord({ state, iconOnly = false }: StateWordProps) {
  if (state === undefined) return <span className="dim">{UNKNOWN}</span>;
  const look = stateLook(state);
  const word = visible(state);
  return (
    <span
      className={styles.state}
      data-tone={look.tone}
      data-state={state}
      data-bare={iconOnly || undefined}
      title={word}
    >
      <Icon name={look.icon} size={14} className={look.icon === "spinner" ? styles.turning : undefined} />
      <span className={iconOnly ? "visually-hidden" : styles.word}>{word}</span>
    </span>
  );
}
