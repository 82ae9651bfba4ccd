import { Autocomplete, CloseButton } from "@mantine/core";
import { memo } from "react";
import type { Facets } from "../lib/facets";
import { completions } from "../lib/filter/completion";
import type { InvalidFilter } from "../lib/filter/read";
import styles from "./filter-field.module.css";
import { Icon } from "./icon";

type FilterFieldProps = {
  /** As it is typed; it may be wrong. */
  typed: string;
  facets: Pick<Facets, "statuses" | "types">;
  /** What is wrong with it. */
  mistake: InvalidFilter | undefined;
  className?: string | undefined;
  onChange: (typed: string) => void;
};

/** A filter over actors as text: what the word that is being typed may become is offered, and what is wrong is said below it. */
export const FilterField = memo(function FilterField(props: FilterFieldProps) {
  const { typed, facets, mistake, className, onChange } = props;
  const offered = new Map(completions(typed, facets).map((option) => [option.filter, option]));
  return (
    <Autocomplete
      size="xs"
      aria-label="Filter"
      placeholder='type:Order state:failed wait:>50ms "a text"'
      className={className ?? ""}
      leftSection={<Icon name="search" size={14} />}
      rightSection={typed && <CloseButton size="sm" aria-label="Clear the filter" onClick={() => onChange("")} />}
      error={mistake && `${mistake.message} (at character ${mistake.start + 1})`}
      data={[...offered.keys()]}
      filter={({ options }) => options}
      renderOption={({ option }) => {
        const known = offered.get(option.value);
        return (
          <span className={styles.option}>
            <span>{known?.word ?? option.value}</span>
            <span className="dim">{known?.hint}</span>
          </span>
        );
      }}
      value={typed}
      onChange={onChange}
    />
  );
});
