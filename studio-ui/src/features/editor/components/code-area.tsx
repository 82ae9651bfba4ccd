import { type KeyboardEvent, type RefObject, useMemo } from "react";
import type { MarkedLine } from "../model/marks";
import { indentAt, linesOf } from "../model/text";
import styles from "./code-area.module.css";

type CodeAreaProps = {
  label: string;
  text: string;
  marks: readonly MarkedLine[];
  /** Id of the list that says in words what the marks show. */
  describedBy: string;
  area: RefObject<HTMLTextAreaElement | null>;
  onChange: (text: string) => void;
};

/** A plain text field with numbers beside its lines and marks below its letters. It grows with its text; what is around it scrolls. */
export function CodeArea({ label, text, marks, describedBy, area, onChange }: CodeAreaProps) {
  const lines = useMemo(() => linesOf(text), [text]);
  const longest = useMemo(() => lines.reduce((long, line) => (line.length > long.length ? line : long), ""), [lines]);
  const numbers = useMemo(() => lines.map((_, index) => index + 1).join("\n"), [lines]);
  return (
    <div className={styles.scroll} data-scrolls>
      <div className={styles.gutter} aria-hidden="true">
        {marks.map(({ line, severity }) => (
          <span key={line} className={styles.flag} data-severity={severity} style={top(line)} />
        ))}
        <pre className={styles.numbers}>{numbers}</pre>
      </div>
      <div className={styles.sheet}>
        <pre className={styles.ghost} aria-hidden="true">
          {longest}
        </pre>
        <div aria-hidden="true">
          {marks.map(({ line, severity, parts }) => (
            <pre key={line} className={styles.marked} data-marked={line} data-severity={severity} style={top(line)}>
              {parts.map((part, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line have no identity.
                <span key={index} data-severity={part.severity}>
                  {part.text}
                </span>
              ))}
            </pre>
          ))}
        </div>
        <textarea
          ref={area}
          className={styles.text}
          aria-label={label}
          aria-describedby={describedBy}
          value={text}
          rows={lines.length}
          wrap="off"
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          autoCorrect="off"
          onChange={(event) => onChange(event.currentTarget.value)}
          onKeyDown={keepIndent}
        />
      </div>
    </div>
  );
}

function top(line: number) {
  return { top: `calc(var(--space-2) + ${line - 1} * var(--log-row))` };
}

/** A new line begins below the text of the one before. */
function keepIndent(event: KeyboardEvent<HTMLTextAreaElement>): void {
  const { currentTarget: area, key, nativeEvent } = event;
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
  if (key !== "Enter" || !plain || nativeEvent.isComposing) return;
  const indent = indentAt(area.value, area.selectionStart);
  if (indent === "") return;
  // The one way to put text in that can be undone.
  if (document.execCommand("insertText", false, `\n${indent}`)) event.preventDefault();
}
