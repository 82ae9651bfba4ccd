import { Button, SegmentedControl } from "@mantine/core";
import { readWindow } from "../../../lib/window";
import { Icon } from "../../../ui/icon";
import { WindowSelect } from "../../../ui/window-select";
import { HEAT_WORDS, HEATS, type Heat } from "../model/heat";
import type { MapSearch, MapView } from "../model/search";
import styles from "./map-tools.module.css";

type MapToolsProps = {
  search: MapSearch;
  /** What is shown, and what is where the address names neither. */
  view: MapView;
  usual: MapView;
  paused: boolean;
  onChange: (change: { [K in keyof MapSearch]?: MapSearch[K] | undefined }) => void;
  onPause: () => void;
};

/** What is a node, what makes it hot, over which time, as a picture or as tables. */
export function MapTools({ search, view, usual, paused, onChange, onPause }: MapToolsProps) {
  const { group = "type", heat = "wait", system = false } = search;
  return (
    <div className={styles.tools}>
      <SegmentedControl
        size="xs"
        aria-label="Nodes are"
        data={[
          { value: "type", label: "Types" },
          { value: "actor", label: "Actors" },
        ]}
        value={group}
        onChange={(value) => onChange({ group: value === "actor" ? "actor" : undefined })}
      />
      <SegmentedControl
        size="xs"
        aria-label="Heat by"
        data={HEATS.map((value) => ({ value, label: HEAT_WORDS[value] }))}
        value={heat}
        onChange={(value) => onChange({ heat: value === "wait" ? undefined : (value as Heat) })}
      />
      <WindowSelect
        value={readWindow(search.window)}
        onChange={(window) => onChange({ window: window === 60 ? undefined : window })}
      />
      <SegmentedControl
        size="xs"
        aria-label="Shown as"
        data={[
          { value: "picture", label: "Picture" },
          { value: "table", label: "Tables" },
        ]}
        value={view}
        onChange={(value) => onChange({ view: value === usual ? undefined : (value as MapView) })}
      />
      <label className={styles.check}>
        <input
          type="checkbox"
          checked={system}
          onChange={(event) => onChange({ system: event.currentTarget.checked || undefined })}
        />
        plumbing too
      </label>
      <Button
        size="compact-sm"
        variant="default"
        aria-pressed={paused}
        leftSection={<Icon name={paused ? "play" : "pause"} size={12} />}
        onClick={onPause}
      >
        {paused ? "Go on" : "Pause"}
      </Button>
    </div>
  );
}
