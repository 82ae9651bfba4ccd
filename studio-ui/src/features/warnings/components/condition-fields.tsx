import { SegmentedControl, Select, TextInput } from "@mantine/core";
import type { HistoryBy } from "../../../api/history";
import { readFilter } from "../../../lib/filter/read";
import { useFacets } from "../../../lib/use-filter";
import { visible } from "../../../lib/visible";
import { FilterField } from "../../../ui/filter-field";
import { LINT_CODES } from "../model/lint-codes";
import { groupingsOf, METRICS, metricChoice, TYPED } from "../model/metrics";
import { type FilledRule, type Problems, withMetric } from "../model/rule-form";
import forms from "./forms.module.css";
import { HINT_BELOW } from "./hint-below";

export type FieldsProps = { filled: FilledRule; problems: Problems; onChange: (change: Partial<FilledRule>) => void };

const BY_WORDS: Record<HistoryBy, string> = {
  all: "All",
  type: "Each type",
  actor: "Each actor",
  process: "Each process",
};

/** What has to hold, and for how long. */
export function ConditionFields(props: FieldsProps) {
  const { kind } = props.filled;
  return (
    <>
      {kind === "metric" && <MetricFields {...props} />}
      {kind === "lint" && <LintFields {...props} />}
      {kind === "work" && <WorkFields {...props} />}
      {kind !== "work" && <Text {...props} field="for" label="For" hint="how long until it fires, or is resolved" />}
    </>
  );
}

function MetricFields(props: FieldsProps) {
  const { filled, onChange } = props;
  const choice = metricChoice(filled.metric);
  const { word } = TYPED[choice.unit];
  const groupings = groupingsOf(choice);
  return (
    <>
      <Select
        size="xs"
        label="Metric"
        allowDeselect={false}
        data={[
          { group: "Actors", items: METRICS.filter((one) => !one.ofProcesses).map(item) },
          { group: "Processes", items: METRICS.filter((one) => one.ofProcesses).map(item) },
        ]}
        value={filled.metric}
        onChange={(metric) => metric !== null && onChange(withMetric(filled, metric))}
      />
      <div className={forms.choice}>
        <span aria-hidden className={forms.label}>
          Of
        </span>
        <SegmentedControl
          size="xs"
          aria-label="Of"
          data={groupings.map((value) => ({ value, label: BY_WORDS[value] }))}
          value={filled.by}
          onChange={(value) => onChange({ by: value as HistoryBy })}
        />
      </div>
      {!choice.ofProcesses && <Filter {...props} />}
      <div className={forms.choice}>
        <span aria-hidden className={forms.label}>
          Is
        </span>
        <SegmentedControl
          size="xs"
          aria-label="Is"
          data={["above", "below"]}
          value={filled.is}
          onChange={(value) => onChange({ is: value as "above" })}
        />
      </div>
      <Text {...props} field="threshold" label={withUnit("Threshold", word)} hint="beyond it the rule holds" />
      <Text
        {...props}
        field="clear"
        label={withUnit("Clear threshold", word)}
        hint="it is well again there; without one at the threshold"
      />
      <Select
        size="xs"
        label="Without a value"
        inputWrapperOrder={HINT_BELOW}
        description="what a gap in the history means"
        allowDeselect={false}
        data={[
          { value: "keep", label: "leave it as it is" },
          { value: "fire", label: "fire" },
          { value: "resolve", label: "resolve" },
        ]}
        value={filled.noData}
        onChange={(noData) => noData !== null && onChange({ noData: noData as "keep" })}
      />
    </>
  );
}

function LintFields(props: FieldsProps) {
  const { codes } = props.filled;
  // One that this page does not know stays chosen.
  const known = [...LINT_CODES, ...codes.filter((code) => !LINT_CODES.includes(code))];
  return (
    <>
      <Filter {...props} />
      <fieldset className={`${forms.checks} ${forms.wide}`}>
        <legend className={forms.label}>Which lint (none chosen: any)</legend>
        {known.map((code) => (
          <label key={code} className={forms.check}>
            <input
              type="checkbox"
              checked={codes.includes(code)}
              onChange={(event) =>
                props.onChange({
                  codes: event.currentTarget.checked ? [...codes, code] : codes.filter((one) => one !== code),
                })
              }
            />
            <span className="mono">{visible(code)}</span>
          </label>
        ))}
      </fieldset>
    </>
  );
}

function WorkFields(props: FieldsProps) {
  const { filled, onChange } = props;
  return (
    <>
      <Select
        size="xs"
        label="When a run"
        allowDeselect={false}
        data={[
          { value: "failed", label: "fails" },
          { value: "fixed", label: "succeeds after one that failed" },
          { value: "slower", label: "takes longer than usual" },
        ]}
        value={filled.event}
        onChange={(event) => event !== null && onChange({ event: event as "failed" })}
      />
      <Text {...props} field="subject" label="Workflow" hint="* stands for any letters; empty is every one" />
      {filled.event === "slower" && (
        <Text {...props} field="factor" label="Times as long" hint="as the median of the last 20 that went well" />
      )}
    </>
  );
}

function Filter({ filled, problems, onChange }: FieldsProps) {
  const facets = useFacets();
  const { error: mistake } = readFilter(filled.filter);
  return (
    <div className={forms.choice}>
      <span aria-hidden className={forms.label}>
        Filter
      </span>
      <FilterField
        className={forms.full}
        typed={filled.filter}
        facets={facets}
        mistake={mistake}
        onChange={(filter) => onChange({ filter })}
      />
      {problems.filter && !mistake && <span className={forms.problem}>{problems.filter}</span>}
    </div>
  );
}

type TextProps = FieldsProps & {
  field: "for" | "threshold" | "clear" | "subject" | "factor";
  label: string;
  hint: string;
};

function Text({ filled, problems, onChange, field, label, hint }: TextProps) {
  const problem = problems[field];
  return (
    <TextInput
      size="xs"
      label={label}
      inputWrapperOrder={HINT_BELOW}
      description={hint}
      autoComplete="off"
      inputMode={field === "threshold" || field === "clear" || field === "factor" ? "decimal" : "text"}
      error={problem && `${label.replace(/,.*/, "")} ${problem}.`}
      value={filled[field]}
      onChange={(event) => onChange({ [field]: event.currentTarget.value })}
    />
  );
}

function item({ metric, title }: { metric: string; title: string }) {
  return { value: metric, label: title };
}

function withUnit(label: string, word: string): string {
  return word === "" ? label : `${label}, ${word}`;
}
