import { Select, Textarea, TextInput } from "@mantine/core";
import { useId } from "react";
import { visible } from "../../../lib/visible";
import type { FormField } from "../model/schema-form";
import styles from "./levers.module.css";

type FormFieldProps = {
  field: FormField;
  value: string;
  problem: string | undefined;
  onChange: (value: string) => void;
};

export function FormFieldView({ field, value, problem, onChange }: FormFieldProps) {
  const id = useId();
  const label = field.name === "" ? "Body, as JSON" : visible(field.name);
  const shared = {
    label,
    description: field.description && visible(field.description),
    withAsterisk: field.required,
    error: problem && `${label} ${problem}.`,
    autoComplete: "off",
  };
  switch (field.kind) {
    case "boolean":
      return (
        <label htmlFor={id} className={styles.check}>
          <input
            id={id}
            type="checkbox"
            checked={value === "true"}
            onChange={(event) => onChange(String(event.currentTarget.checked))}
          />
          {label}
        </label>
      );
    case "choice":
      return (
        <Select
          {...shared}
          clearable={!field.required}
          data={field.choices ?? []}
          value={value === "" ? null : value}
          onChange={(chosen) => onChange(chosen ?? "")}
        />
      );
    case "json":
      return (
        <Textarea
          {...shared}
          size="xs"
          rows={3}
          spellCheck={false}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    default:
      return (
        <TextInput
          {...shared}
          inputMode={field.kind === "text" ? "text" : "decimal"}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
  }
}
