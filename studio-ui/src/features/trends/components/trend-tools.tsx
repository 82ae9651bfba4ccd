import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import type { Facets } from "../../../lib/facets";
import type { InvalidFilter } from "../../../lib/filter/read";
import { isFixed, type Range, SPAN_WORDS, SPANS } from "../../../lib/trends/range";
import choices from "../../../ui/choices.module.css";
import { FilterField } from "../../../ui/filter-field";
import { ACTOR_PANELS, PANEL_KEYS, PROCESS_PANELS, QUANTILES } from "../../../ui/trend/panels";
import { GROUPINGS, quantileShown, type TrendsSearch, withChange, withPanel, withRange } from "../model/search";
import { RangeForm } from "./range-form";
import styles from "./trend-tools.module.css";

const GROUPING_WORDS = { all: "All", type: "Type", actor: "Actor" };

/** Changes the address as it then is; in the place of it, or as another step that Back comes from. */
export type Go = (change: (before: TrendsSearch) => TrendsSearch, replace?: boolean) => void;

type TrendToolsProps = {
  search: TrendsSearch;
  range: Range;
  facets: Facets;
  mistake: InvalidFilter | undefined;
  onChange: Go;
};

/** Of when, of whom, and what of it. */
export function TrendTools({ search, range, facets, mistake, onChange }: TrendToolsProps) {
  const [asks, setAsks] = useState(false);
  const { by = "all", filter = "", view = "picture", panels = PANEL_KEYS } = search;
  const set = (change: Parameters<typeof withChange>[1]) => onChange((before) => withChange(before, change));
  return (
    <div className={styles.tools}>
      <div className={styles.row}>
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame of its own. */}
        <div role="group" aria-label="Range" className={choices.choices}>
          {SPANS.map((span) => (
            <button
              key={span}
              type="button"
              aria-pressed={!isFixed(range) && range.last === span}
              onClick={() => {
                setAsks(false);
                onChange((before) => withRange(before, { last: span }), false);
              }}
            >
              {SPAN_WORDS[span]}
            </button>
          ))}
          <button type="button" aria-pressed={isFixed(range)} aria-expanded={asks} onClick={() => setAsks(!asks)}>
            From … to …
          </button>
        </div>
        <SegmentedControl
          size="xs"
          aria-label="A line is of"
          data={GROUPINGS.map((value) => ({ value, label: GROUPING_WORDS[value] }))}
          value={by}
          onChange={(value) =>
            set({ by: GROUPINGS.find((one) => one === value && one !== "all") as "type" | undefined, hide: undefined })
          }
        />
        {by !== "all" && (
          <SegmentedControl
            size="xs"
            aria-label="Times are told by"
            data={[...QUANTILES]}
            value={quantileShown(search)}
            onChange={(value) => set({ q: value === "p95" ? undefined : (value as "p50") })}
          />
        )}
        <SegmentedControl
          size="xs"
          aria-label="Shown as"
          data={[
            { value: "picture", label: "Pictures" },
            { value: "table", label: "Tables" },
          ]}
          value={view}
          onChange={(value) => set({ view: value === "table" ? "table" : undefined })}
        />
        <FilterField
          className={styles.filter}
          typed={filter}
          facets={facets}
          mistake={mistake}
          onChange={(filter) => set({ filter })}
        />
      </div>
      {asks && (
        <RangeForm
          range={range}
          onChoose={(fixed) => {
            setAsks(false);
            onChange((before) => withRange(before, fixed), false);
          }}
          onClose={() => setAsks(false)}
        />
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame of its own. */}
      <div role="group" aria-label="Pictures" className={choices.choices}>
        {[...ACTOR_PANELS, ...PROCESS_PANELS].map(({ key, title }) => (
          <button
            key={key}
            type="button"
            aria-pressed={panels.includes(key)}
            onClick={() => onChange((before) => withPanel(before, key, !panels.includes(key)))}
          >
            {title}
          </button>
        ))}
      </div>
    </div>
  );
}
