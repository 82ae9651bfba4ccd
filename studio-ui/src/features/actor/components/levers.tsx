import { useRef, useState } from "react";
import type { OrderBody } from "../../../api/inside-queries";
import type { ActorRecord } from "../../../api/types";
import { barredFrom } from "../../../lib/roles";
import { Icon } from "../../../ui/icon";
import { type Lever, leversOf } from "../../../ui/levers";
import { PendingButton } from "../../../ui/pending-button";
import styles from "./levers.module.css";
import { OrderForm } from "./order-form";
import { Question } from "./question";

type LeversProps = {
  actor: ActorRecord;
  /** Who looks at it: what this role may not order is not offered. */
  role: string | undefined;
  /** Why nothing can be ordered at all, where what is shown is past. */
  past?: string | undefined;
  pending: boolean;
  onOrder: (lever: Lever, body?: OrderBody) => void;
};

/** One button that turns into the other: the keyboard stays on it. */
const TURNS: Record<string, string | undefined> = { pause: "hold", resume: "hold" };

/** What can be ordered of the actor: a button each, which says what it will do, and asks where nothing brings back what it takes. */
export function Levers({ actor, role, past, pending, onOrder }: LeversProps) {
  const [open, setOpen] = useState<string | undefined>(undefined);
  const buttons = useRef<HTMLDivElement>(null);
  const levers = leversOf(actor);
  if (levers.length === 0) return null;
  const chosen = levers.find(({ order }) => order === open);
  const barred = (order: string) => past ?? barredFrom(role, order === "config" ? "settings" : "order");
  const reasons = new Set(levers.flatMap(({ order }) => barred(order) ?? []));
  const done = (lever: Lever, body?: OrderBody) => {
    onOrder(lever, body);
    if (lever.way === "question") close(lever);
  };
  /** Whoever works by keyboard goes on at the lever. */
  const close = ({ order }: Lever) => {
    setOpen(undefined);
    buttons.current?.querySelector<HTMLElement>(`[data-order="${order}"]`)?.focus();
  };
  return (
    <section aria-label="Levers" className={styles.levers}>
      <div className={styles.buttons} ref={buttons}>
        {levers.map((lever) => (
          <PendingButton
            key={TURNS[lever.order] ?? lever.order}
            size="compact-sm"
            variant="default"
            title={lever.says}
            barred={barred(lever.order)}
            pending={pending}
            leftSection={<Icon name={lever.icon} size={12} />}
            data-order={lever.order}
            aria-expanded={lever.way === "at once" ? undefined : open === lever.order}
            onClick={() => {
              if (lever.way === "at once") done(lever);
              else setOpen(open === lever.order ? undefined : lever.order);
            }}
          >
            {lever.title}
          </PendingButton>
        ))}
        {reasons.size > 0 && <span className="dim">{[...reasons].join(" ")}</span>}
      </div>
      {chosen?.way === "question" && (
        <Question key={chosen.order} lever={chosen} onYes={() => done(chosen)} onNo={() => close(chosen)} />
      )}
      {chosen?.way === "form" && (
        <OrderForm
          key={chosen.order}
          lever={chosen}
          controls={actor.controls}
          pending={pending}
          onSend={(body) => done(chosen, body)}
          onClose={() => close(chosen)}
        />
      )}
    </section>
  );
}
