import { Button, SegmentedControl, Select, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { Channel, ChannelAsked, Security, ShownTarget } from "../../../api/warnings";
import { visible } from "../../../lib/visible";
import { ErrorNote } from "../../../ui/notes";
import { PendingButton } from "../../../ui/pending-button";
import {
  type ChannelKind,
  type ChannelProblems,
  type FilledChannel,
  KIND_WORDS,
  KINDS,
  madeChannel,
  SECURITIES,
} from "../model/channel-form";
import { useChange } from "../use-change";
import forms from "./forms.module.css";
import { HINT_BELOW } from "./hint-below";
import { SecretField } from "./secret-field";

type ChannelFormProps = {
  title: string;
  before: FilledChannel;
  /** What the studio has; absent for a new one. */
  shown: ShownTarget | undefined;
  onSave: (channel: ChannelAsked) => Promise<Channel>;
  onClose: () => void;
};

/** A channel, field by field. What is secret is typed and never shown again. */
export function ChannelForm({ title, before, shown, onSave, onClose }: ChannelFormProps) {
  const [filled, setFilled] = useState(before);
  const [problems, setProblems] = useState<ChannelProblems>({});
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>("input")?.focus(), []);
  const save = useChange(onSave, onClose);
  const set = (change: Partial<FilledChannel>) => {
    setFilled((now) => ({ ...now, ...change }));
    setProblems((now) => Object.fromEntries(Object.entries(now).filter(([field]) => !(field in change))));
  };
  const send = (event: FormEvent) => {
    event.preventDefault();
    const made = madeChannel(filled);
    setProblems(made.problems ?? {});
    if (made.asked) save.mutate(made.asked);
    else queueMicrotask(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  };
  return (
    <form
      ref={form}
      aria-label={visible(title)}
      className={`${forms.form} ${forms.framed}`}
      noValidate
      onSubmit={send}
      onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && onClose()}
    >
      <TextInput
        size="xs"
        label="Name"
        autoComplete="off"
        error={problems.name && `Name ${problems.name}.`}
        value={filled.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      {shown === undefined && (
        <div className={forms.choice}>
          <span aria-hidden className={forms.label}>
            Sends by
          </span>
          <SegmentedControl
            size="xs"
            aria-label="Sends by"
            data={KINDS.map((value) => ({ value, label: KIND_WORDS[value] }))}
            value={filled.kind}
            onChange={(value) => set({ kind: value as ChannelKind })}
          />
        </div>
      )}
      {filled.kind === "email" ? (
        <MailFields {...{ filled, problems, shown }} onChange={set} />
      ) : (
        <HttpFields {...{ filled, problems, shown }} onChange={set} />
      )}
      {save.error && (
        <div className={forms.wide}>
          <ErrorNote title="The channel could not be saved." error={save.error} />
        </div>
      )}
      <span className={`${forms.answers} ${forms.wide}`}>
        <PendingButton type="submit" size="compact-sm" pending={save.isPending}>
          Save
        </PendingButton>
        <Button size="compact-sm" variant="default" onClick={onClose}>
          Close
        </Button>
      </span>
    </form>
  );
}

type FieldsProps = {
  filled: FilledChannel;
  problems: ChannelProblems;
  shown: ShownTarget | undefined;
  onChange: (change: Partial<FilledChannel>) => void;
};

function HttpFields({ filled, problems, shown, onChange }: FieldsProps) {
  const isHook = filled.kind === "webhook";
  return (
    <>
      <SecretField
        label="Address"
        hint={
          isHook
            ? "what is sent is posted there, as JSON"
            : "of an incoming webhook of Slack, or of what takes its form"
        }
        isSet={shown !== undefined}
        value={filled.url}
        problem={problems.url && `Address ${problems.url}.`}
        onChange={(url) => onChange({ url })}
      />
      {isHook && (
        <SecretField
          label="Secret"
          hint="signs what is sent; empty: nothing is signed"
          isSet={shown?.kind === "webhook" && shown.hasSecret}
          value={filled.secret}
          onChange={(secret) => onChange({ secret })}
        />
      )}
    </>
  );
}

function MailFields({ filled, problems, shown, onChange }: FieldsProps) {
  const text = (field: "host" | "port" | "user" | "from" | "to", label: string, hint: string) => (
    <TextInput
      size="xs"
      label={label}
      inputWrapperOrder={HINT_BELOW}
      description={hint}
      autoComplete="off"
      error={problems[field] && `${label} ${problems[field]}.`}
      value={filled[field]}
      onChange={(event) => onChange({ [field]: event.currentTarget.value })}
    />
  );
  return (
    <>
      {text("to", "To", "one address or more")}
      {text("from", "From", "the address that sends")}
      {text("host", "Server", "of SMTP, such as smtp.example.org")}
      <Select
        size="xs"
        label="Encryption"
        inputWrapperOrder={HINT_BELOW}
        description="of the way to the server"
        allowDeselect={false}
        data={(Object.keys(SECURITIES) as Security[]).map((value) => ({ value, label: SECURITIES[value].word }))}
        value={filled.security}
        onChange={(security) => security !== null && onChange({ security: security as Security })}
      />
      {text("port", "Port", `empty: ${SECURITIES[filled.security].port}`)}
      {text("user", "User", "empty: nobody signs in there")}
      <SecretField
        label="Password"
        hint="of the user"
        isSet={shown?.kind === "email" && shown.hasPassword}
        value={filled.password}
        problem={problems.password && `Password ${problems.password}.`}
        onChange={(password) => onChange({ password })}
      />
    </>
  );
}
