import { SegmentedControl } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type Preview, type PreviewRange, previewQuery, type RuleAsked, type WouldFire } from "../../../api/warnings";
import { print } from "../../../lib/filter/filter";
import { formatMoment, plural } from "../../../lib/format";
import { formatLength } from "../../../lib/trends/words";
import { useLastFilter } from "../../../lib/use-filter";
import { ErrorNote } from "../../../ui/notes";
import { Sentence } from "../../../ui/sentence";
import { WarningSubject } from "../../../ui/warning-subject";
import { metricChoice } from "../model/metrics";
import { type FilledRule, madeOf } from "../model/rule-form";
import { previewLimits, previewWords } from "../model/words";
import styles from "./preview.module.css";
import { PreviewPicture } from "./preview-picture";

/** Somebody who types is asked for once they pause. */
const PAUSE_MS = 300;
/** Firings that are written out. */
const MOST = 8;

/** What the rule would have done in a time that has passed: in a sentence, in its metric's picture, and one by one. */
export function PreviewPanel({ filled }: { filled: FilledRule }) {
  const [range, setRange] = useState<PreviewRange>("hour");
  const { valid } = useLastFilter(filled.filter);
  // It needs no name and is sent nowhere; the same rule is another text each time.
  const { asked } = madeOf({ ...filled, name: "preview", channels: [], filter: print(valid) });
  const [settled] = useDebouncedValue(asked && JSON.stringify(asked), PAUSE_MS);
  const rule = useMemo(() => (settled === undefined ? undefined : (JSON.parse(settled) as RuleAsked)), [settled]);
  const [filter] = useDebouncedValue(print(valid), PAUSE_MS);
  const isLint = filled.kind === "lint";
  const query = useQuery({
    ...previewQuery(rule ?? NO_RULE, range),
    enabled: rule !== undefined && rule.when.kind !== "lint",
    placeholderData: keepPreviousData,
  });
  const preview = rule === undefined || isLint ? undefined : query.data;
  return (
    <section aria-label="Preview" className={styles.preview}>
      <div className={styles.head}>
        <h2>On the past</h2>
        <SegmentedControl
          size="xs"
          aria-label="In the last"
          data={[
            { value: "hour", label: "Hour" },
            { value: "day", label: "Day" },
            { value: "week", label: "Week" },
          ]}
          value={range}
          onChange={(value) => setRange(value as PreviewRange)}
        />
      </div>
      {isLint ? (
        <p className="dim">Of lints no history is kept: what it would have done is not known.</p>
      ) : rule === undefined ? (
        <p className="dim">With a threshold, here is when it would have fired.</p>
      ) : preview === undefined && query.error ? (
        <ErrorNote
          title="What it would have done is not known."
          error={query.error}
          onRetry={() => void query.refetch()}
        />
      ) : (
        <Words preview={preview} range={range} />
      )}
      {filled.kind === "metric" && (
        <PreviewPicture
          metric={filled.metric}
          by={filled.by}
          filter={metricChoice(filled.metric).ofProcesses ? "" : filter}
          range={range}
          rule={rule?.when.kind === "metric" ? rule.when : undefined}
          firings={preview?.firings ?? NONE}
        />
      )}
      {preview && <Firings preview={preview} />}
    </section>
  );
}

const NONE: readonly WouldFire[] = [];
/** What is not asked for. */
const NO_RULE: RuleAsked = {
  ...{ name: "", enabled: true, severity: "warning", for: 0, channels: [], sendResolved: true },
  when: { kind: "lint", codes: [], filter: "" },
};

function Words({ preview, range }: { preview: Preview | undefined; range: PreviewRange }) {
  const limits = preview && previewLimits(preview);
  return (
    <p
      role="status"
      className={styles.words}
      {...(preview && { "data-preview": preview.firings.length + preview.more })}
    >
      <strong>{preview ? previewWords(preview, range) : "…"}</strong> {limits && <span className="dim">{limits}</span>}
    </p>
  );
}

function Firings({ preview: { firings, more } }: { preview: Preview }) {
  const last = firings.slice(-MOST).reverse();
  if (last.length === 0) return null;
  const before = firings.length + more - last.length;
  return (
    <ul className={styles.firings}>
      {last.map((one) => (
        <li key={`${one.about} ${one.subject} ${one.fired}`}>
          <span className="dim">{whenWords(one)}</span> <WarningSubject about={one.about} subject={one.subject} />:{" "}
          <Sentence text={one.sentence} />
        </li>
      ))}
      {before > 0 && <li className="dim">and {plural(before, "time")} more</li>}
    </ul>
  );
}

function whenWords({ fired, resolved }: WouldFire): string {
  if (resolved == null) return `${formatMoment(fired)}, until now`;
  return `${formatMoment(fired)}, for ${formatLength(Date.parse(resolved) - Date.parse(fired))}`;
}
