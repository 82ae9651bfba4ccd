import { Button, Select } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { Controls } from "../../../api/inside";
import type { OrderBody } from "../../../api/inside-queries";
import { visible } from "../../../lib/visible";
import type { Lever } from "../../../ui/levers";
import { PendingButton } from "../../../ui/pending-button";
import { bodyOf, type Filled, fieldsOf } from "../model/schema-form";
import { FormFieldView } from "./form-field";
import styles from "./levers.module.css";

type OrderFormProps = {
  lever: Lever;
  controls: Controls | undefined;
  pending: boolean;
  onSend: (body: OrderBody) => void;
  onClose: () => void;
};

/** What goes with an order: the fields of a message, or of the settings, as their schema has them. */
export function OrderForm({ lever, controls, pending, onSend, onClose }: OrderFormProps) {
  const messages = lever.order === "message" ? (controls?.messages ?? []) : [];
  const [kind, setKind] = useState<string | undefined>(messages[0]?.type);
  const [filled, setFilled] = useState<Filled>({});
  const [problems, setProblems] = useState<Record<string, string>>({});
  const schema = lever.order === "message" ? messages.find(({ type }) => type === kind)?.schema : controls?.config;
  const fields = fieldsOf(schema);
  const send = (event: FormEvent) => {
    event.preventDefault();
    const made = bodyOf(fields, filled);
    if ("problems" in made) {
      setProblems(made.problems);
      return;
    }
    setProblems({});
    onSend({ ...(kind !== undefined && { message: kind }), ...(made.body !== undefined && { body: made.body }) });
  };
  return (
    <form
      aria-label={lever.title}
      className={styles.form}
      noValidate
      onSubmit={send}
      onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && onClose()}
    >
      <p className="dim">{lever.says}</p>
      {messages.length > 0 && (
        <Select
          label="Message"
          allowDeselect={false}
          data={messages.map(({ type }) => ({ value: type, label: visible(type) }))}
          value={kind ?? null}
          onChange={(value) => {
            setKind(value ?? undefined);
            setFilled({});
            setProblems({});
          }}
        />
      )}
      {fields.map((field) => (
        <FormFieldView
          key={`${kind} ${field.name}`}
          field={field}
          value={filled[field.name] ?? field.initial}
          problem={problems[field.name]}
          onChange={(value) => setFilled((before) => ({ ...before, [field.name]: value }))}
        />
      ))}
      <span className={styles.answers}>
        <PendingButton type="submit" size="compact-sm" pending={pending}>
          {lever.order === "message" ? "Send" : "Apply"}
        </PendingButton>
        <Button size="compact-sm" variant="default" onClick={onClose}>
          Close
        </Button>
      </span>
    </form>
  );
}
