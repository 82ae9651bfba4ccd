import { Button } from "@mantine/core";
import { useState } from "react";
import type { Channel, Delivery } from "../../../api/warnings";
import { visible } from "../../../lib/visible";
import { Name } from "../../../ui/name";
import { PendingButton } from "../../../ui/pending-button";
import { StateWord } from "../../../ui/state-word";
import { Age } from "../../../ui/time";
import { addressOf, KIND_WORDS } from "../model/channel-form";
import { answerWords } from "../model/words";
import styles from "./now.module.css";
import { Question } from "./question";
import { Switch } from "./switch";

type ChannelRowProps = {
  channel: Channel;
  barred: string | undefined;
  pending: boolean;
  testing: boolean;
  /** What came of the test that was sent last. */
  tested: Delivery | undefined;
  onTest: () => void;
  onEdit: () => void;
  onSwitch: () => void;
  onDelete: () => void;
};

/** One channel: where it leads, whether the last attempt arrived, and a message to try it. */
export function ChannelRow(props: ChannelRowProps) {
  const { channel, barred, pending, testing, tested, onTest, onEdit, onSwitch, onDelete } = props;
  const { id, name, enabled, target, last } = channel;
  const [asks, setAsks] = useState(false);
  const spoken = visible(name);
  return (
    <li className={styles.row} data-channel={id} data-quiet={!enabled}>
      <Switch label={`${spoken} is on`} isOn={enabled} barred={barred} pending={pending} onSwitch={onSwitch} />
      <div className={styles.body}>
        <strong>
          <Name of={name} />
        </strong>{" "}
        {KIND_WORDS[target.kind]} to <Name of={addressOf(target)} />
        <p className={styles.about}>
          {target.kind === "webhook" && <span>{target.hasSecret ? "signed: secret set" : "not signed"}</span>}
          {target.kind === "email" && <span>{target.hasPassword ? "password set" : "no password"}</span>}
          {last == null ? (
            <span>nothing sent yet</span>
          ) : (
            <>
              <StateWord state={last.outcome} />
              <span>
                <Age of={last.at} />
              </span>
            </>
          )}
        </p>
      </div>
      <span className={styles.levers}>
        <PendingButton
          size="compact-sm"
          variant="default"
          barred={barred}
          pending={testing}
          aria-label={`Test ${spoken}`}
          onClick={onTest}
        >
          Test
        </PendingButton>
        <Button
          size="compact-sm"
          variant="default"
          data-edit
          disabled={barred !== undefined}
          title={barred}
          aria-label={`Change ${spoken}`}
          onClick={onEdit}
        >
          Change
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
          says="Rules that are sent there are sent there no more. Its secrets are gone with it."
          onYes={() => {
            setAsks(false);
            onDelete();
          }}
          onNo={() => setAsks(false)}
        />
      )}
      {tested && (
        <p role="status" className={styles.tested} data-tested={tested.outcome}>
          <StateWord state={tested.outcome} /> {answerWords(tested)}
        </p>
      )}
    </li>
  );
}
