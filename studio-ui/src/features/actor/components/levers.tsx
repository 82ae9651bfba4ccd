import { Button } from "@mantine/core";
import { useState } from "react";
import type { OrderBody } from "../../../api/inside-queries";
import type { ActorRecord } from "../../../api/types";
import { Icon } from "../../../ui/icon";
import { type Lever, leversOf } from "../../../ui/levers";
import styles from "./levers.module.css";
import { OrderForm } from "./order-form";
import { Question } from "./question";

type LeversProps = {
  actor: ActorRecord;
  /** Why nobody may pull any, when that is so. */
  barred: string | undefined;
  pending: boolean;
  onOrder: (lever: Lever, body?: OrderBody) => void;
};

/** What can be ordered of the actor: a button each, which says what it will do, and asks where nothing brings back what it takes. */
export function Levers({ actor, barred, pending, onOrder }: LeversProps) {
  const [open, setOpen] = useState<string | undefined>(undefined);
  const levers = leversOf(actor);
  if (levers.length === 0) return null;
  const chosen = levers.find(({ order }) => order === open);
  const done = (lever: Lever, body?: OrderBody) => {
    onOrder(lever, body);
    if (lever.way === "question") setOpen(undefined);
  };
  return (
    <section aria-label="Levers" className={styles.levers}>
      <div className={styles.buttons}>
        {levers.map((lever) => (
          <Button
            key={lever.order}
            size="compact-sm"
            variant="default"
            title={barred ?? lever.says}
            disabled={barred !== undefined || pending}
            leftSection={<Icon name={lever.icon} size={12} />}
            data-order={lever.order}
            aria-expanded={lever.way === "at once" ? undefined : open === lever.order}
            onClick={() => {
              if (lever.way === "at once") done(lever);
              else setOpen(open === lever.order ? undefined : lever.order);
            }}
          >
            {lever.title}
          </Button>
        ))}
        {barred !== undefined && <span className="dim">{barred}</span>}
      </div>
      {chosen?.way === "question" && (
        <Question key={chosen.order} lever={chosen} onYes={() => done(chosen)} onNo={() => setOpen(undefined)} />
      )}
      {chosen?.way === "form" && (
        <OrderForm
          key={chosen.order}
          lever={chosen}
          controls={actor.controls}
          pending={pending}
          onSend={(body) => done(chosen, body)}
          onClose={() => setOpen(undefined)}
        />
      )}
    </section>
  );
}
