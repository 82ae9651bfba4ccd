import { ActionIcon } from "@mantine/core";
import type { Sought } from "../../api/types";
import styles from "./sought-marks.module.css";

type SoughtMarksProps = { sought: Sought; onChange: (sought: Sought) => void };

/** How a text is searched for: by its capital letters, as a regular expression. */
export function SoughtMarks({ sought, onChange }: SoughtMarksProps) {
  return (
    <>
      <ActionIcon
        variant="default"
        size={28}
        className={styles.mark ?? ""}
        aria-label="Match case"
        title="Match case; without it capital letters count when you type one"
        aria-pressed={sought.sensitive}
        onClick={() => onChange({ ...sought, sensitive: !sought.sensitive })}
      >
        Aa
      </ActionIcon>
      <ActionIcon
        variant="default"
        size={28}
        className={styles.mark ?? ""}
        aria-label="Regular expression"
        title="Regular expression"
        aria-pressed={sought.regex}
        onClick={() => onChange({ ...sought, regex: !sought.regex })}
      >
        .*
      </ActionIcon>
    </>
  );
}
