import { Button, TextInput } from "@mantine/core";
import { useEffect, useRef } from "react";
import styles from "./forms.module.css";
import { HINT_BELOW } from "./hint-below";

type SecretFieldProps = {
  label: string;
  hint: string;
  /** Whether the studio has one. */
  isSet: boolean;
  /** Undefined leaves the studio's as it is. */
  value: string | undefined;
  problem?: string | undefined;
  onChange: (value: string | undefined) => void;
};

/** Something that the studio is given and never gives back: it is set, or another is put in its place. */
export function SecretField({ label, hint, isSet, value, problem, onChange }: SecretFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const before = useRef(value);
  useEffect(() => {
    if (isSet && before.current === undefined && value !== undefined) input.current?.focus();
    if (isSet && before.current !== undefined && value === undefined) button.current?.focus();
    before.current = value;
  }, [isSet, value]);
  if (isSet && value === undefined) {
    return (
      // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame of its own.
      <div role="group" aria-label={label} className={styles.secret}>
        <span className={styles.label}>{label}</span>
        <span className={styles.line}>
          <span>set</span>
          <Button ref={button} size="compact-sm" variant="default" onClick={() => onChange("")}>
            Replace
          </Button>
        </span>
      </div>
    );
  }
  return (
    <div className={styles.secret}>
      <TextInput
        ref={input}
        type="password"
        size="xs"
        label={label}
        inputWrapperOrder={HINT_BELOW}
        description={hint}
        error={problem}
        autoComplete="new-password"
        value={value ?? ""}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      {isSet && (
        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => onChange(undefined)}>
          Keep the one that is set
        </Button>
      )}
    </div>
  );
}
