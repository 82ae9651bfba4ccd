import { CloseButton } from "@mantine/core";
import { Fragment } from "react";
import { Dialog } from "../../ui/dialog";
import type { Section } from "../sections";
import { COMMAND } from "./command";
import styles from "./shortcuts-dialog.module.css";
import { useSingleKeys } from "./single-keys";

type ShortcutsDialogProps = { menu: readonly Section[]; onClose: () => void };

/** All keys of the page, and the way to do without them. */
export function ShortcutsDialog({ menu, onClose }: ShortcutsDialogProps) {
  const [singleKeys, setSingleKeys] = useSingleKeys();
  const going = menu.flatMap(({ title, letter }) => (letter === undefined ? [] : [{ title, letter }]));
  return (
    <Dialog label="Shortcuts" onClose={onClose}>
      <div className={styles.head}>
        <h2>Shortcuts</h2>
        <CloseButton aria-label="Close the shortcuts" onClick={onClose} />
      </div>
      <section className={styles.columns} tabIndex={0} aria-label="Keys">
        <Keys
          title="Go to"
          rows={going.map(({ title, letter }) => ({ keys: ["g", letter], between: "then", what: title }))}
        />
        <Keys
          title="Anywhere"
          rows={[
            { keys: [COMMAND, "K"], what: "Search pages, actors, runs, workflows" },
            { keys: [COMMAND, "F"], what: "Search the log that is shown" },
            { keys: ["/"], what: "To the filter of the page, else search" },
            { keys: ["j"], what: "Next row" },
            { keys: ["k"], what: "Row before" },
            { keys: ["?"], what: "These shortcuts" },
          ]}
        />
        <Keys
          title="Where the keyboard is"
          rows={[
            { keys: ["↑", "↓"], between: "or", what: "In the list of actors, in a log, on the map" },
            { keys: ["Enter"], what: "Open" },
            { keys: ["Esc"], what: "Close what lies over the page" },
          ]}
        />
      </section>
      <label className={styles.choice}>
        <input type="checkbox" checked={singleKeys} onChange={(event) => setSingleKeys(event.currentTarget.checked)} />
        Keys without Ctrl or Cmd work on this computer
      </label>
    </Dialog>
  );
}

type Row = {
  keys: string[];
  /** How the keys go together, where not at once. */
  between?: "then" | "or";
  what: string;
};

function Keys({ title, rows }: { title: string; rows: readonly Row[] }) {
  return (
    <div>
      <h3>{title}</h3>
      <dl className={styles.keys}>
        {rows.map(({ keys, between = "+", what }) => (
          <div key={what}>
            <dt>
              {keys.map((key, index) => (
                <Fragment key={key}>
                  {index > 0 && ` ${between} `}
                  <kbd>{key}</kbd>
                </Fragment>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
