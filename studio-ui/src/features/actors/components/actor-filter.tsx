import { Autocomplete, CloseButton, Select } from "@mantine/core";
import { memo } from "react";
import { type InvalidFilter, readFilter } from "../../../lib/filter/read";
import { formatCount } from "../../../lib/format";
import choices from "../../../ui/choices.module.css";
import { Icon } from "../../../ui/icon";
import { StateWord } from "../../../ui/state-word";
import { completions } from "../model/completion";
import type { Facets, Tally } from "../model/facets";
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
  const offered = new Map(completions(typed, facets).map((option) => [option.filter, option]));
  return (
    <>
      <Autocomplete
        size="xs"
        aria-label="Filter"
        placeholder='type:Order state:failed wait:>50ms "a text"'
        className={styles.text}
        leftSection={<Icon name="search" size={14} />}
        rightSection={typed && <CloseButton size="sm" aria-label="Clear the filter" onClick={() => set("")} />}
        error={mistake && `${mistake.message} (at character ${mistake.start + 1})`}
        data={[...offered.keys()]}
        filter={({ options }) => options}
        renderOption={({ option }) => {
          const told = offered.get(option.value);
          return (
            <span className={styles.option}>
              <span>{told?.word ?? option.value}</span>
              <span className="dim">{told?.hint}</span>
            </span>
          );
        }}
        value={typed}
        onChange={set}
      />
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
