import { visible, visibleParts } from "../lib/visible";
import styles from "./name.module.css";

type NameProps = {
  of: string;
  /** The place is narrow: cut at its end, whole on hover. */
  cut?: boolean;
  mono?: boolean;
};

/** A name from outside: apart from the text around it, whichever way it is written, and with nothing hidden in it. */
export function Name({ of, cut = false, mono = false }: NameProps) {
  const className = [cut && "cut", mono && "mono", styles.name].filter(Boolean).join(" ");
  return (
    <bdi className={className} title={cut ? visible(of) : undefined}>
      {visibleParts(of).map(({ text, unseen }, index) =>
        unseen ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a name never move.
          <span key={index} className={styles.escape}>
            {text}
          </span>
        ) : (
          text
        ),
      )}
    </bdi>
  );
}
