import { Button } from "@mantine/core";
import { useEffect, useRef } from "react";
import { plural } from "../../../lib/format";
import { Icon } from "../../../ui/icon";
import { nameOfOrder } from "../../../ui/levers";
import { Name } from "../../../ui/name";
import type { LeftOut, Plan } from "../model/many";
import styles from "./choice-bar.module.css";

/** Names that are written out for one reason. */
const MOST_NAMES = 3;

type ManyQuestionProps = { plan: Plan; onYes: () => void; onNo: () => void };

/** Asks once, with what will happen to how many, and who is left out. The way back has the focus. */
export function ManyQuestion({ plan, onYes, onNo }: ManyQuestionProps) {
  const back = useRef<HTMLButtonElement>(null);
  useEffect(() => back.current?.focus(), []);
  const title = `${nameOfOrder(plan.order).title}: ${plural(plan.to.length, "actor")}`;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame of its own.
    <div
      role="group"
      aria-label={`${title}?`}
      className={styles.question}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onNo();
      }}
    >
      <Icon name="warning" />
      <div className={styles.words}>
        <p>
          <strong>{title}.</strong> {plan.says}
        </p>
        {plan.leftOut.map((left) => (
          <p key={left.why} className="dim" data-left-out={left.ids.length}>
            <LeftOutWords left={left} />
          </p>
        ))}
      </div>
      <span className={styles.answers}>
        <Button ref={back} size="compact-sm" variant="default" onClick={onNo}>
          Leave it
        </Button>
        <Button size="compact-sm" variant="default" className={styles.yes ?? ""} onClick={onYes}>
          {title}
        </Button>
      </span>
    </div>
  );
}

function LeftOutWords({ left: { why, ids } }: { left: LeftOut }) {
  const named = ids.slice(0, MOST_NAMES);
  return (
    <>
      {plural(ids.length, "actor")} left out ({why}):{" "}
      {named.map((id, index) => (
        <span key={id}>
          {index > 0 && ", "}
          <Name of={id} mono />
        </span>
      ))}
      {ids.length > named.length && ` and ${ids.length - named.length} more`}
    </>
  );
}
