import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type Rule, silence, silencesQuery, type Warning, type Warnings } from "../../../api/warnings";
import { useBarred } from "../../../lib/use-session";
import { Icon } from "../../../ui/icon";
import { ErrorNote, TooMuchNote } from "../../../ui/notes";
import { silenceOf } from "../model/links";
import { useChange } from "../use-change";
import styles from "./now.module.css";
import { Silences } from "./silences";
import { WarningRow } from "./warning-row";

type NowProps = { warnings: Warnings; rules: readonly Rule[] };

/** What fires, what may soon, what is kept quiet, and what lately was resolved. */
export function Now({ warnings, rules }: NowProps) {
  const { firing, pending, resolved, leftOut } = warnings;
  const silences = useQuery(silencesQuery);
  const barred = useBarred("silence");
  const quiet = useChange(({ warning, until }: { warning: Warning; until: number }) =>
    silence(silenceOf(warning, until)),
  );
  const row = (warning: Warning, canSilence: boolean) => (
    <WarningRow
      key={warning.id}
      warning={warning}
      rule={rules.find(({ id }) => id === warning.rule)}
      silence={silences.data?.find(({ id }) => id === warning.silencedBy)}
      {...(canSilence && {
        lever: { barred, pending: quiet.isPending, onSilence: (until) => quiet.mutate({ warning, until }) },
      })}
    />
  );
  return (
    <div className={styles.now}>
      {quiet.error && <ErrorNote title="It could not be silenced." error={quiet.error} />}
      {barred && <p className={styles.barred}>{barred}</p>}
      {leftOut > 0 && <TooMuchNote>{leftOut} more found no room here. Rules that say less help.</TooMuchNote>}
      <Group title="Firing" rows={firing.map((one) => row(one, true))}>
        <p className={styles.calm}>
          <Icon name="check" />
          <strong>Nothing is wrong.</strong>
          <span className="dim">
            {rules.length === 0 ? "There is no rule that says when something is." : "No rule fires."}
          </span>
        </p>
      </Group>
      {pending.length > 0 && <Group title="Pending" rows={pending.map((one) => row(one, true))} />}
      <Silences rules={rules} query={silences} barred={barred} />
      <Group title="Recently resolved" rows={resolved.map((one) => row(one, false))}>
        <p className="dim">None.</p>
      </Group>
    </div>
  );
}

function Group({ title, rows, children }: { title: string; rows: readonly ReactNode[]; children?: ReactNode }) {
  return (
    <section aria-label={title} className={styles.group}>
      <h2>
        {title} {rows.length > 0 && <span className="dim">{rows.length}</span>}
      </h2>
      {rows.length === 0 ? children : <ul className={styles.list}>{rows}</ul>}
    </section>
  );
}
