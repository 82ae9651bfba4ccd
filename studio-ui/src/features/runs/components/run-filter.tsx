import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { memo, useState } from "react";
import { workflowsQuery } from "../../../api/queries";
import { Icon } from "../../../ui/icon";
import { type RunsSearch, type RunsWord, stretchOf, WHEN, whenOf } from "../model/search";
import styles from "./run-filter.module.css";
import { WordField } from "./word-field";

const STATES = ["queued", "running", "paused", "success", "failure", "cancelled", "skipped", "lost"];

type RunFilterProps = {
  search: RunsSearch;
  onChange: (change: { [W in RunsWord]?: string | undefined }) => void;
};

/** Which runs are shown. Each control is a word of the address. */
export const RunFilter = memo(function RunFilter({ search, onChange }: RunFilterProps) {
  const workflows = useQuery(workflowsQuery);
  const { branch, event, actor } = search;
  const [more, setMore] = useState(false);
  const wide = more || branch !== undefined || event !== undefined || actor !== undefined;
  const when = whenOf(search);
  const known = workflows.data ?? [];
  const named = known.map(({ name, file }) => {
    const alone = known.filter((other) => other.name === name).length === 1;
    return { value: file, label: alone ? name : file };
  });
  const { workflow } = search;
  // An address may name one by its name, or one that is there no more.
  const meant = known.find(({ name, file }) => file === workflow || name === workflow)?.file ?? workflow;
  const listed = meant === undefined || named.some(({ value }) => value === meant);
  return (
    <search className={styles.filter} aria-label="Filter the runs">
      <WordField
        label="Find"
        placeholder="Name, title, id or #138"
        className={styles.text}
        icon={<Icon name="search" size={14} />}
        value={search.text}
        onChange={(text) => onChange({ text })}
      />
      <Select
        aria-label="Workflow"
        placeholder="All workflows"
        className={styles.choice}
        clearable
        searchable
        limit={100}
        nothingFoundMessage="No such workflow"
        data={listed ? named : [...named, { value: meant, label: meant }]}
        value={meant ?? null}
        onChange={(chosen) => onChange({ workflow: chosen ?? undefined })}
      />
      <Select
        aria-label="State"
        placeholder="Any state"
        className={styles.choice}
        clearable
        data={withChosen(STATES, search.state)}
        value={search.state ?? null}
        onChange={(state) => onChange({ state: state ?? undefined })}
      />
      <Select
        aria-label="When"
        placeholder="Any time"
        className={styles.choice}
        clearable
        data={withChosen(
          WHEN.map(({ label }) => label),
          when,
        )}
        value={when ?? null}
        onChange={(chosen) => chosen !== when && onChange(stretchOf(chosen))}
      />
      {wide ? (
        <>
          <WordField
            label="Branch"
            placeholder="Branch or tag"
            className={styles.choice}
            value={branch}
            onChange={(branch) => onChange({ branch })}
          />
          <WordField
            label="Event"
            placeholder="Event"
            className={styles.choice}
            value={event}
            onChange={(event) => onChange({ event })}
          />
          <WordField
            label="Started by"
            placeholder="Started by"
            className={styles.choice}
            value={actor}
            onChange={(actor) => onChange({ actor })}
          />
        </>
      ) : (
        <button type="button" className={styles.more} onClick={() => setMore(true)}>
          Branch, event, person
        </button>
      )}
    </search>
  );
});

/** What an address says stays to be taken back, also where it is no choice. */
function withChosen(choices: readonly string[], chosen: string | undefined): string[] {
  return chosen === undefined || choices.includes(chosen) ? [...choices] : [...choices, chosen];
}
