import { formatCount } from "../../../lib/format";
import choices from "../../../ui/choices.module.css";
import { EventWord } from "../../../ui/event-word";
import { kindAndLevel, type Tally } from "../model/journal-rows";
import styles from "./journal.module.css";

type JournalFilterProps = {
  tallies: readonly Tally[];
  wanted: readonly string[];
  onChange: (wanted: readonly string[]) => void;
};

/** A button for each sort of line that is there; those that are pressed are shown, all where none is. */
export function JournalFilter({ tallies, wanted, onChange }: JournalFilterProps) {
  if (tallies.length < 2 && wanted.length === 0) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame of its own.
    <div role="group" aria-label="Filter by kind" className={`${choices.choices} ${styles.filter}`}>
      {tallies.map(({ sort, count }) => {
        const chosen = wanted.includes(sort);
        return (
          <button
            key={sort}
            type="button"
            aria-pressed={chosen}
            data-sort={sort}
            onClick={() => onChange(chosen ? wanted.filter((other) => other !== sort) : [...wanted, sort])}
          >
            <EventWord {...kindAndLevel(sort)} />
            <span className={choices.count}>{formatCount(count)}</span>
          </button>
        );
      })}
    </div>
  );
}
