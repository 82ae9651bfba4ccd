import { ActionIcon, TextInput } from "@mantine/core";
import { formatCount, plural } from "../../lib/format";
import type { FindState } from "../../lib/logs/find";
import { Icon } from "../icon";
import styles from "./find-bar.module.css";
import { SoughtMarks } from "./sought-marks";
import type { Find } from "./use-find";

/** The field to search the log in, how many lines match, and the way from one to the next. */
export function FindBar({ find }: { find: Find }) {
  const { sought, onChange, state, current, onStep } = find;
  const none = state.lines.length === 0;
  return (
    <search className={styles.bar} aria-label="This log">
      <TextInput
        ref={find.field}
        type="search"
        size="xs"
        className={styles.field ?? ""}
        aria-label="Search this log"
        placeholder="Search this log"
        leftSection={<Icon name="search" size={14} />}
        value={sought.text}
        error={state.error !== undefined}
        onChange={(event) => onChange({ ...sought, text: event.currentTarget.value })}
        onKeyDown={find.onKeyDown}
      />
      <SoughtMarks sought={sought} onChange={onChange} />
      <ActionIcon variant="default" size={28} aria-label="Previous match" disabled={none} onClick={() => onStep(-1)}>
        <Icon name="up" size={14} />
      </ActionIcon>
      <ActionIcon variant="default" size={28} aria-label="Next match" disabled={none} onClick={() => onStep(1)}>
        <Icon name="down" size={14} />
      </ActionIcon>
      <span role="status" className={styles.count} data-error={state.error !== undefined}>
        {said(state, current)}
      </span>
    </search>
  );
}

function said({ sought, lines, busy, more, error }: FindState, current: number | undefined): string {
  if (error) return error.message;
  if (sought === undefined) return "";
  if (lines.length === 0) return busy ? "Searching…" : "No line matches";
  const all = more ? `the first ${formatCount(lines.length)} lines` : plural(lines.length, "line");
  return current === undefined ? all : `${formatCount(current + 1)} of ${all}`;
}
