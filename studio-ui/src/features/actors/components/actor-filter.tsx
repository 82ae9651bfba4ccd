import { Select } from "@mantine/core";
import { memo } from "react";
import type { Facets, Tally } from "../../../lib/facets";
import { type InvalidFilter, readFilter } from "../../../lib/filter/read";
import { formatCount } from "../../../lib/format";
import choices from "../../../ui/choices.module.css";
import { FilterField } from "../../../ui/filter-field";
import { StateWord } from "../../../ui/state-word";
import { type ActorsSearch, valueWanted, withValue } from "../model/search";
import styles from "./actor-filter.module.css";

type ActorFilterProps = {
  search: ActorsSearch;
  facets: Facets;
  /** What is wrong with the filter. */
  mistake: InvalidFilter | undefined;
  onChange: (change: { [K in keyof ActorsSearch]?: ActorsSearch[K] | undefined }) => void;
};

/** One filter, as text; type and status write into it. */
export const ActorFilter = memo(function ActorFilter({ search, facets, mistake, onChange }: ActorFilterProps) {
  const typed = search.filter ?? "";
  const filter = readFilter(typed).filter ?? [];
  const [type, status] = [valueWanted(filter, "type"), valueWanted(filter, "state")];
  // Who has no status is told as of an unknown one.
  const chosen = status === "" ? "unknown" : status;
  const set = (next: string) => onChange({ filter: next || undefined });
  return (
    <>
      <FilterField className={styles.text} typed={typed} facets={facets} mistake={mistake} onChange={set} />
      <Select
        aria-label="Filter by type"
        placeholder="All types"
        className={styles.type}
        clearable
        searchable
        limit={100}
        nothingFoundMessage="No such type"
        data={facets.types.map(({ word, count }) => ({ value: word, label: `${word} (${formatCount(count)})` }))}
        value={type ?? null}
        onChange={(value) => set(withValue(typed, "type", value ?? undefined))}
      />
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame of its own. */}
      <div role="group" aria-label="Filter by status" className={`${choices.choices} ${styles.statuses}`}>
        {withChosen(facets.statuses, chosen).map(({ word: state, count }) => (
          <button
            key={state}
            type="button"
            aria-pressed={chosen === state}
            onClick={() =>
              set(withValue(typed, "state", chosen === state ? undefined : state === "unknown" ? "" : state))
            }
          >
            <StateWord state={state} />
            <span className={choices.count}>{formatCount(count)}</span>
          </button>
        ))}
        {facets.plumbing > 0 && (
          <button
            type="button"
            aria-pressed={search.plumbing === true}
            title="Actors of libraries rather than of the application (is:system)"
            onClick={() => onChange({ plumbing: search.plumbing ? undefined : true })}
          >
            Plumbing
            <span className={choices.count}>{formatCount(facets.plumbing)}</span>
          </button>
        )}
      </div>
    </>
  );
});

/** A chosen status stays to be taken back, also when nothing has it any more. */
function withChosen(tallies: readonly Tally[], chosen: string | undefined): readonly Tally[] {
  if (chosen === undefined || tallies.some((tally) => tally.word === chosen)) return tallies;
  return [...tallies, { word: chosen, count: 0 }];
}
