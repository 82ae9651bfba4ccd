import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import {
  type Channel,
  channelsQuery,
  deleteRule,
  type Rule,
  type RuleAsked,
  rulesQuery,
  saveRule,
  type Warnings,
} from "../../../api/warnings";
import { useBarred } from "../../../lib/use-session";
import { EmptyNote, ErrorNote, LoadingNote } from "../../../ui/notes";
import { filledOf, freshRule } from "../model/rule-form";
import { editButtonOf } from "../row-of";
import { useChange } from "../use-change";
import styles from "./now.module.css";
import { RuleForm } from "./rule-form";
import { RuleRow } from "./rule-row";

const NO_CHANNELS: readonly Channel[] = [];

/** The rules: which there are, on and off, and a form for one. */
export function Rules({ warnings }: { warnings: Warnings | undefined }) {
  const search = useSearch({ from: "/warnings" });
  const navigate = useNavigate({ from: "/warnings" });
  const query = useQuery(rulesQuery);
  const channels = useQuery(channelsQuery).data ?? NO_CHANNELS;
  const barred = useBarred("rules");
  const list = useRef<HTMLUListElement>(null);
  const [left, setLeft] = useState<string | undefined>(undefined);
  const save = useChange(({ rule, id }: { rule: RuleAsked; id: string | undefined }) => saveRule(rule, id));
  const remove = useChange(deleteRule);
  const open = (rule: string | undefined) =>
    void navigate({ search: rule === undefined ? { view: "rules" } : { view: "rules", rule } });
  // The keyboard goes on at the rule whose form was open.
  useEffect(() => {
    if (left === undefined || search.rule !== undefined) return;
    editButtonOf(list.current, "rule", left)?.focus();
    setLeft(undefined);
  }, [left, search.rule]);
  const close = (rule: string | undefined) => {
    setLeft(rule);
    open(undefined);
  };
  if (query.data === undefined) {
    return query.error ? (
      <ErrorNote title="The rules could not be read." error={query.error} onRetry={() => void query.refetch()} />
    ) : (
      <LoadingNote what="rules" />
    );
  }
  const rules = query.data;
  const chosen = rules.find(({ id }) => id === search.rule);
  if (search.rule === "new" || chosen) {
    return (
      <RuleForm
        key={search.rule}
        title={chosen ? `Change ${chosen.name}` : "New rule"}
        before={chosen ? filledOf(chosen) : freshRule(search)}
        channels={channels}
        barred={barred}
        onSave={(rule) => saveRule(rule, chosen?.id)}
        onDone={close}
        onClose={() => close(chosen?.id)}
      />
    );
  }
  return (
    <div className={styles.now}>
      {search.rule !== undefined && <p role="alert">There is no rule {search.rule} any more.</p>}
      {barred && <p className={styles.barred}>{barred}</p>}
      {save.error && <ErrorNote title="The rule could not be changed." error={save.error} />}
      {remove.error && <ErrorNote title="The rule could not be deleted." error={remove.error} />}
      {rules.length === 0 ? (
        <EmptyNote title="There is no rule yet.">
          <p className="dim">A rule says when something is wrong: a metric, a lint, a run.</p>
        </EmptyNote>
      ) : (
        <ul className={styles.list} aria-label="Rules" ref={list}>
          {rules.map((rule) => (
            <RuleRow
              key={rule.id}
              rule={rule}
              channels={channels}
              firing={countOf(warnings, rule)}
              barred={barred}
              pending={save.isPending || remove.isPending}
              onEdit={() => open(rule.id)}
              onSwitch={() => {
                const { id, ...asked } = rule;
                save.mutate({ rule: { ...asked, enabled: !asked.enabled }, id });
              }}
              onDelete={() => remove.mutate(rule.id)}
            />
          ))}
        </ul>
      )}
    </div>
  );
}

function countOf(warnings: Warnings | undefined, { id }: Rule): number {
  return warnings?.firing.filter((warning) => warning.rule === id).length ?? 0;
}
