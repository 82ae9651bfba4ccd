import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { Channel, Rule, RuleAsked } from "../../../api/warnings";
import { useHasWorkflows } from "../../../lib/use-runtime";
import { visible } from "../../../lib/visible";
import { ErrorNote } from "../../../ui/notes";
import { PendingButton } from "../../../ui/pending-button";
import { type FilledRule, type Kind, madeOf, type Problems } from "../model/rule-form";
import { useChange } from "../use-change";
import { ConditionFields } from "./condition-fields";
import forms from "./forms.module.css";
import { PreviewPanel } from "./preview";

type RuleFormProps = {
  title: string;
  before: FilledRule;
  channels: readonly Channel[];
  barred: string | undefined;
  onSave: (rule: RuleAsked) => Promise<Rule>;
  /** It is saved; with its id. */
  onDone: (id: string) => void;
  onClose: () => void;
};

const KIND_WORDS: Record<Kind, string> = { metric: "A metric", lint: "A lint", work: "Runs" };

/** A rule, field by field, with what it would have done. */
export function RuleForm({ title, before, channels, barred, onSave, onDone, onClose }: RuleFormProps) {
  const [filled, setFilled] = useState(before);
  const [problems, setProblems] = useState<Problems>({});
  const hasRuns = useHasWorkflows();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>("input")?.focus(), []);
  const save = useChange(onSave, ({ id }) => onDone(id));
  const made = madeOf(filled);
  const set = (change: Partial<FilledRule>) => {
    setFilled((now) => ({ ...now, ...change }));
    // What is being mended is not complained of any more.
    setProblems((now) => Object.fromEntries(Object.entries(now).filter(([field]) => !(field in change))));
  };
  const send = (event: FormEvent) => {
    event.preventDefault();
    setProblems(made.problems ?? {});
    if (made.asked) save.mutate(made.asked);
    else queueMicrotask(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  };
  const kinds = (["metric", "lint", "work"] as const).filter(
    (kind) => kind !== "work" || hasRuns || filled.kind === kind,
  );
  return (
    <div>
      <form
        ref={form}
        aria-label={visible(title)}
        className={forms.form}
        noValidate
        onSubmit={send}
        onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && onClose()}
      >
        <h2 className={forms.wide}>{visible(title)}</h2>
        {barred && <p className="dim">{barred}</p>}
        <TextInput
          size="xs"
          label="Name"
          autoComplete="off"
          error={problems.name && `Name ${problems.name}.`}
          value={filled.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <Choice label="About">
          <SegmentedControl
            size="xs"
            aria-label="About"
            data={kinds.map((value) => ({ value, label: KIND_WORDS[value] }))}
            value={filled.kind}
            onChange={(value) => set({ kind: value as Kind })}
          />
        </Choice>
        <Choice label="Severity">
          <SegmentedControl
            size="xs"
            aria-label="Severity"
            data={["warning", "problem"]}
            value={filled.severity}
            onChange={(value) => set({ severity: value as "warning" })}
          />
        </Choice>
        <ConditionFields filled={filled} problems={problems} onChange={set} />
        <Sending channels={channels} filled={filled} onChange={set} />
        {save.error && (
          <div className={forms.wide}>
            <ErrorNote title="The rule could not be saved." error={save.error} />
          </div>
        )}
        <span className={`${forms.answers} ${forms.wide}`}>
          <PendingButton type="submit" size="compact-sm" barred={barred} pending={save.isPending}>
            Save
          </PendingButton>
          <Button size="compact-sm" variant="default" onClick={onClose}>
            Close
          </Button>
        </span>
      </form>
      <PreviewPanel filled={filled} />
    </div>
  );
}

function Choice({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className={forms.choice}>
      <span aria-hidden className={forms.label}>
        {label}
      </span>
      {children}
    </div>
  );
}

type SendingProps = {
  channels: readonly Channel[];
  filled: FilledRule;
  onChange: (change: Partial<FilledRule>) => void;
};

/** Where it is sent. */
function Sending({ channels, filled, onChange }: SendingProps) {
  const chosen = filled.channels;
  return (
    <fieldset className={`${forms.checks} ${forms.wide}`}>
      <legend className={forms.label}>Sent to</legend>
      {channels.length === 0 && <span className="dim">There is no channel yet: it is seen here alone.</span>}
      {channels.map(({ id, name }) => (
        <label key={id} className={forms.check}>
          <input
            type="checkbox"
            checked={chosen.includes(id)}
            onChange={(event) =>
              onChange({
                channels: event.currentTarget.checked ? [...chosen, id] : chosen.filter((one) => one !== id),
              })
            }
          />
          {visible(name)}
        </label>
      ))}
      {channels.length > 0 && (
        <label className={forms.check}>
          <input
            type="checkbox"
            checked={filled.sendResolved}
            onChange={(event) => onChange({ sendResolved: event.currentTarget.checked })}
          />
          also when it is resolved
        </label>
      )}
    </fieldset>
  );
}
