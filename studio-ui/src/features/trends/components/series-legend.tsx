import { Link } from "@tanstack/react-router";
import type { HistoryBy } from "../../../api/history";
import { condition } from "../../../lib/filter/condition";
import { visible } from "../../../lib/visible";
import { Icon } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import { lookOf } from "../../../ui/trend/panels";
import { Swatch } from "../../../ui/trend/swatch";
import styles from "./series-legend.module.css";

type SeriesLegendProps = {
  by: HistoryBy;
  names: readonly string[];
  slots: ReadonlyMap<string, number>;
  hidden: readonly string[];
  onHide: (name: string, hidden: boolean) => void;
};

/** Whose line is which: a name draws its lines or hides them in all pictures below, the sign beside it leads to its page. */
export function SeriesLegend({ by, names, slots, hidden, onHide }: SeriesLegendProps) {
  return (
    <ul className={styles.legend} aria-label={by === "process" ? "Processes" : "Lines"} data-by={by}>
      {names.map((name) => (
        <li key={name}>
          <button
            type="button"
            aria-pressed={!hidden.includes(name)}
            onClick={() => onHide(name, !hidden.includes(name))}
          >
            <Swatch look={lookOf(slots.get(name) ?? 0)} />
            <Name of={name} cut />
          </button>
          <PageLink by={by} name={name} />
        </li>
      ))}
    </ul>
  );
}

function PageLink({ by, name }: { by: HistoryBy; name: string }) {
  const inside = <Icon name="link" size={13} />;
  const label = `Open ${visible(name)}`;
  if (by === "actor") {
    return (
      <Link to="/actors/$id" params={{ id: name }} aria-label={label} title={label}>
        {inside}
      </Link>
    );
  }
  if (by !== "type") return null;
  return (
    <Link to="/actors" search={{ filter: condition("type", name) }} aria-label={label} title={label}>
      {inside}
    </Link>
  );
}
