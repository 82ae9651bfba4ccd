import { CloseButton, Select, TextInput } from "@mantine/core";
import { formatCount } from "../../../lib/format";
import { Icon } from "../../../ui/icon";
import { StateWord } from "../../../ui/state-word";
import type { ActorsSearch } from "../model/search";
import type { Selection, Tally } from "../model/selection";
import styles from "./actor-filter.module.css";

type ActorFilterProps = {
  search: ActorsSearch;
  selection: Selection;
  onChange: (change: { [K in keyof ActorsSearch]?: ActorsSearch[K] | undefined }) => void;
};

/** Text, type and status; each narrows the others' counts. */
export function ActorFilter({ search, selection, onChange }: ActorFilterProps) {
  return (
    <>
      <TextInput
        aria-label="Filter by text"
        placeholder="Filter by name, type, worker, parent"
        className={styles.text}
        leftSection={<Icon name="search" size={14} />}
        rightSection={
          search.q && <CloseButton size="sm" aria-label="Clear the filter" onClick={() => onChange({ q: undefined })} />
        }
        value={search.q ?? ""}
        onChange={(event) => onChange({ q: event.currentTarget.value || undefined })}
      />
      <Select
        aria-label="Filter by type"
        placeholder="All types"
        className={styles.type}
        clearable
        searchable
        limit={100}
        nothingFoundMessage="No such type"
        data={selection.types.map(({ word, count }) => ({ value: word, label: `${word} (${formatCount(count)})` }))}
        value={search.type ?? null}
        onChange={(value) => onChange({ type: value ?? undefined })}
      />
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame of its own. */}
      <div role="group" aria-label="Filter by status" className={styles.statuses}>
        {withChosen(selection.statuses, search.status).map(({ word, count }) => (
          <button
            key={word}
            type="button"
            aria-pressed={search.status === word}
            onClick={() => onChange({ status: search.status === word ? undefined : word })}
          >
            <StateWord state={word} />
            <span className={styles.count}>{formatCount(count)}</span>
          </button>
        ))}
      </div>
    </>
  );
}

/** A chosen status stays to be taken back, also when nothing has it any more. */
function withChosen(tallies: readonly Tally[], chosen: string | undefined): readonly Tally[] {
  if (chosen === undefined || tallies.some((tally) => tally.word === chosen)) return tallies;
  return [...tallies, { word: chosen, count: 0 }];
}
