import { Button } from "@mantine/core";
import { useState } from "react";
import type { Channel, Rule } from "../../../api/warnings";
import { plural } from "../../../lib/format";
import { visible } from "../../../lib/visible";
import { Name } from "../../../ui/name";
import { PendingButton } from "../../../ui/pending-button";
import { Sentence } from "../../../ui/sentence";
import { ruleWords } from "../model/words";
import styles from "./now.module.css";
import { Question } from "./question";
import { Switch } from "./switch";

type RuleRowProps = {
  rule: Rule;
  channels: readonly Channel[];
  /** How many of its warnings fire. */
  firing: number;
  barred: string | undefined;
  pending: boolean;
  onEdit: () => void;
  onSwitch: () => void;
  onDelete: () => void;
};

/** One rule: whether it is on, when it fires, and where that is sent. */
export function RuleRow({ rule, channels, firing, barred, pending, onEdit, onSwitch, onDelete }: RuleRowProps) {
  const [asks, setAsks] = useState(false);
  const spoken = visible(rule.name);
  const sentTo = channels.filter(({ id }) => rule.channels.includes(id));
  return (
    <li className={styles.row} data-rule={rule.id} data-quiet={!rule.enabled}>
      <Switch label={`${spoken} is on`} isOn={rule.enabled} barred={barred} pending={pending} onSwitch={onSwitch} />
      <div className={styles.body}>
        <strong>
          <Name of={rule.name} />
        </strong>{" "}
        <Sentence text={ruleWords(rule)} />
        <p className={styles.about}>
          <span>{rule.severity}</span>
          {firing > 0 && <span className={styles.problem}>{plural(firing, "firing", "firing")}</span>}
          <span>
            {sentTo.length === 0
              ? "sent nowhere"
              : `sent to ${sentTo.map(({ name }) => visible(name)).join(", ")}${rule.sendResolved ? "" : ", not when resolved"}`}
          </span>
        </p>
      </div>
      <span className={styles.levers}>
        <Button
          size="compact-sm"
          variant="default"
          data-edit
          aria-label={`${barred ? "Look at" : "Change"} ${spoken}`}
          onClick={onEdit}
        >
          {barred ? "Look" : "Change"}
        </Button>
        <PendingButton
          size="compact-sm"
          variant="default"
          barred={barred}
          pending={pending}
          aria-label={`Delete ${spoken}`}
          aria-expanded={asks}
          onClick={() => setAsks(!asks)}
        >
          Delete
        </PendingButton>
      </span>
      {asks && (
        <Question
          title={`Delete ${spoken}`}
          says="What it raised is gone with it, and nobody hears that it was resolved."
          onYes={() => {
            setAsks(false);
            onDelete();
          }}
          onNo={() => setAsks(false)}
        />
      )}
    </li>
  );
}
