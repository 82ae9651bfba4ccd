import { Button, Select, TextInput } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { endSilence, type Rule, type Silence as SilenceLine, silence } from "../../../api/warnings";
import { readFilter } from "../../../lib/filter/read";
import { formatMoment } from "../../../lib/format";
import { useFacets } from "../../../lib/use-filter";
import { visible } from "../../../lib/visible";
import { FilterField } from "../../../ui/filter-field";
import { Name } from "../../../ui/name";
import { ErrorNote } from "../../../ui/notes";
import { PendingButton } from "../../../ui/pending-button";
import { Sentence } from "../../../ui/sentence";
import { silenceWords } from "../model/words";
import { useChange } from "../use-change";
import forms from "./forms.module.css";
import styles from "./now.module.css";
import { Silence } from "./silence";

type SilencesProps = { rules: readonly Rule[]; query: UseQueryResult<SilenceLine[]>; barred: string | undefined };

/** What is kept quiet, until when, by whom; and one more by rule or by filter. */
export function Silences({ rules, query, barred }: SilencesProps) {
  const [adds, setAdds] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const end = useChange(endSilence);
  const silences = query.data ?? [];
  const close = () => {
    setAdds(false);
    button.current?.focus();
  };
  return (
    <section aria-label="Silenced" className={styles.group}>
      <div className={styles.head}>
        <h2>Silenced {silences.length > 0 && <span className="dim">{silences.length}</span>}</h2>
        <Button
          ref={button}
          size="compact-sm"
          variant="default"
          disabled={barred !== undefined}
          title={barred}
          aria-expanded={adds}
          onClick={() => setAdds(!adds)}
        >
          New silence
        </Button>
      </div>
      {query.error && (
        <ErrorNote title="Silences could not be read." error={query.error} onRetry={() => void query.refetch()} />
      )}
      {end.error && <ErrorNote title="The silence could not be ended." error={end.error} />}
      {adds && <NewSilence rules={rules} onDone={close} />}
      {silences.length === 0 ? (
        <p className="dim">Nothing.</p>
      ) : (
        <ul className={styles.list}>
          {silences.map((one) => {
            const words = silenceWords(one, rules);
            return (
              <li key={one.id} className={styles.row} data-silence={one.id}>
                <div className={styles.body}>
                  <Sentence text={words} /> until {formatMoment(one.until)}
                  {one.by !== "" && (
                    <>
                      , by <Name of={one.by} />
                    </>
                  )}
                  {one.reason !== "" && (
                    <>
                      : <Name of={one.reason} />
                    </>
                  )}
                </div>
                <PendingButton
                  size="compact-sm"
                  variant="default"
                  barred={barred}
                  pending={end.isPending}
                  aria-label={`End the silence of ${visible(words.replaceAll("`", ""))}`}
                  onClick={() => end.mutate(one.id)}
                >
                  End
                </PendingButton>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}

/** Keeps quiet what a rule says, or what is said of those that a filter finds, or both; without either all of it. */
function NewSilence({ rules, onDone }: { rules: readonly Rule[]; onDone: () => void }) {
  const [rule, setRule] = useState<string | null>(null);
  const [filter, setFilter] = useState("");
  const [reason, setReason] = useState("");
  const facets = useFacets();
  const { error: mistake } = readFilter(filter);
  const add = useChange(silence, onDone);
  const save = (until: number) =>
    add.mutate({
      ...(rule !== null && { rule }),
      ...(filter.trim() !== "" && { filter: filter.trim() }),
      ...(reason.trim() !== "" && { reason: reason.trim() }),
      until: new Date(until).toISOString(),
    });
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame of its own.
    <div role="group" aria-label="New silence" className={forms.form}>
      <Select
        size="xs"
        label="Of the rule"
        placeholder="every rule"
        clearable
        data={rules.map(({ id, name }) => ({ value: id, label: visible(name) }))}
        value={rule}
        onChange={setRule}
      />
      <div>
        <span className={forms.label}>Of actors and types</span>
        <FilterField typed={filter} facets={facets} mistake={mistake} onChange={setFilter} />
      </div>
      <TextInput
        size="xs"
        label="Why"
        placeholder="a deploy"
        autoComplete="off"
        maxLength={200}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <span className={`${forms.answers} ${forms.wide}`}>
        <Silence
          spoken="what is chosen"
          barred={mistake && "The filter is none yet."}
          pending={add.isPending}
          onSilence={save}
        />
        <Button size="compact-sm" variant="default" onClick={onDone}>
          Close
        </Button>
      </span>
      {add.error && <ErrorNote title="It could not be silenced." error={add.error} />}
    </div>
  );
}
