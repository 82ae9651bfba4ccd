import { useState } from "react";
import { formatCount, plural } from "../../../lib/format";
import { visible } from "../../../lib/visible";
import { Icon } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import styles from "./outputs.module.css";

/** Characters of a value that are shown, and values. */
const MOST_CHARACTERS = 2000;
const MOST_VALUES = 100;

type OutputsProps = { of: string; values: Record<string, string> | undefined };

/** What a job or a group tells those that need it; folded, for it may be much. */
export function Outputs({ of, values }: OutputsProps) {
  const [open, setOpen] = useState(false);
  const count = Object.keys(values ?? {}).length;
  if (values === undefined || count === 0) return null;
  return (
    <div className={styles.outputs} data-outputs={of}>
      <button
        type="button"
        className={styles.head}
        aria-expanded={open}
        aria-label={`${plural(count, "output")} of ${visible(of)}`}
        onClick={() => setOpen(!open)}
      >
        <Icon name={open ? "unfolded" : "folded"} size={12} />
        {plural(count, "output")}
      </button>
      {open && <OutputValues values={values} />}
    </div>
  );
}

export function OutputValues({ values }: { values: Record<string, string> }) {
  const all = Object.entries(values);
  return (
    <dl className={styles.values}>
      {all.slice(0, MOST_VALUES).map(([name, value]) => (
        <div key={name}>
          <dt>
            <Name of={name} mono />
          </dt>
          <dd className="mono">{shownValue(value)}</dd>
        </div>
      ))}
      {all.length > MOST_VALUES && <div>and {formatCount(all.length - MOST_VALUES)} more</div>}
    </dl>
  );
}

/** A value may have several lines; all else that cannot be seen is written out. */
function shownValue(value: string): string {
  if (value === "") return "(empty)";
  const shown = value.slice(0, MOST_CHARACTERS).split(/\r?\n/).map(visible).join("\n");
  const rest = value.length - MOST_CHARACTERS;
  return rest > 0 ? `${shown} … and ${formatCount(rest)} more characters` : shown;
}
