import { Button } from "@mantine/core";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import type { WorkflowInput } from "../../../api/workflow-types";
import { visible } from "../../../lib/visible";
import { PendingButton } from "../../../ui/pending-button";
import { type Filled, firstFilled, givenOf, remember, remembered } from "../inputs";
import styles from "./start-form.module.css";

type StartFormProps = {
  /** What it is called aloud. */
  spoken: string;
  file: string;
  inputs: readonly WorkflowInput[];
  pending: boolean;
  onStart: (given: Filled) => void;
  onClose: () => void;
};

/** What a workflow takes when it is started by hand; filled in as it was the last time. */
export function StartForm({ spoken, file, inputs, pending, onStart, onClose }: StartFormProps) {
  const [filled, setFilled] = useState(() => firstFilled(inputs, remembered(file)));
  const [missing, setMissing] = useState<readonly string[]>([]);
  const form = useRef<HTMLFormElement>(null);
  const [opener] = useState(() => document.activeElement);
  useEffect(() => form.current?.querySelector<HTMLElement>("input, select")?.focus(), []);
  // The keyboard goes back to where it was when the form was asked for.
  const close = () => {
    if (opener instanceof HTMLElement) opener.focus();
    onClose();
  };
  const send = (event: FormEvent) => {
    event.preventDefault();
    const made = givenOf(inputs, filled);
    setMissing(made.missing);
    if (made.missing.length > 0) return;
    remember(file, made.given);
    onStart(made.given);
  };
  return (
    <form
      ref={form}
      aria-label={`Start ${spoken} with`}
      className={styles.form}
      noValidate
      onSubmit={send}
      onKeyDown={(event) => event.key === "Escape" && close()}
    >
      {inputs.map((input) => (
        <Field
          key={input.name}
          input={input}
          value={filled[input.name] ?? ""}
          missing={missing.includes(input.name)}
          onChange={(value) => setFilled((before) => ({ ...before, [input.name]: value }))}
        />
      ))}
      <span className={styles.answers}>
        <PendingButton type="submit" size="compact-sm" pending={pending}>
          Start
        </PendingButton>
        <Button size="compact-sm" variant="default" onClick={close}>
          Close
        </Button>
      </span>
    </form>
  );
}

type FieldProps = { input: WorkflowInput; value: string; missing: boolean; onChange: (value: string) => void };

function Field({ input: { name, type, required, options }, value, missing, onChange }: FieldProps) {
  const id = useId();
  const shared = { id, "aria-required": required, "aria-invalid": missing, "aria-describedby": `${id}-why` };
  return (
    <div className={styles.field}>
      <label htmlFor={id}>
        {visible(name)}
        {required && <span aria-hidden> *</span>}
      </label>
      {type === "boolean" ? (
        <input
          {...shared}
          type="checkbox"
          checked={value === "true"}
          onChange={(event) => onChange(String(event.currentTarget.checked))}
        />
      ) : options !== undefined && options.length > 0 ? (
        <select {...shared} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          <option value="">–</option>
          {options.map((option) => (
            <option key={option} value={option}>
              {visible(option)}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...shared}
          type="text"
          inputMode={type === "number" ? "decimal" : "text"}
          autoComplete="off"
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )}
      <span id={`${id}-why`} role={missing ? "alert" : undefined} className={styles.why}>
        {missing && `${visible(name)} is needed.`}
      </span>
    </div>
  );
}
