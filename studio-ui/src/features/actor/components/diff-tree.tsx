import { type DiffLine, MOST_LINES } from "../../../lib/diff";
import { formatCount } from "../../../lib/format";
import { visible } from "../../../lib/visible";
import { TooMuchNote } from "../../../ui/notes";
import styles from "./state-view.module.css";

const WORDS = { same: "", added: "added", removed: "removed", changed: "changed" } as const;

type DiffTreeProps = { label: string; lines: readonly DiffLine[] };

/** A value as lines, each with what changed in it. */
export function DiffTree({ label, lines }: DiffTreeProps) {
  return (
    <>
      {lines.length >= MOST_LINES && <TooMuchNote>The first {formatCount(MOST_LINES)} values.</TooMuchNote>}
      <ul className={styles.tree} aria-label={label}>
        {lines.map((line) => (
          <li
            key={line.path}
            data-change={line.change}
            data-path={line.path}
            style={{ paddingLeft: 12 + 16 * line.depth }}
          >
            <span className={styles.sign} aria-hidden>
              {{ same: "", added: "+", removed: "−", changed: "~" }[line.change]}
            </span>
            {line.change !== "same" && <span className="visually-hidden">{WORDS[line.change]}: </span>}
            {line.name !== "" && <span className={styles.name}>{visible(line.name)}</span>}
            {line.before !== undefined && (
              <>
                <del>{visible(line.before)}</del>
                <span aria-hidden> → </span>
              </>
            )}
            <span>{visible(line.text)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
