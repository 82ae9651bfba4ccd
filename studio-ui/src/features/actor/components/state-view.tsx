import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { serverClock } from "../../../lib/clock";
import { diffLines, MOST_LINES } from "../../../lib/diff";
import { formatCount, formatTime } from "../../../lib/format";
import { visible } from "../../../lib/visible";
import { EmptyNote, TooMuchNote } from "../../../ui/notes";
import { PendingButton } from "../../../ui/pending-button";
import { type Snapshot, useSnapshots } from "../use-actor";
import { OrderResultView } from "./order-result";
import styles from "./state-view.module.css";

const WORDS = { same: "", added: "added", removed: "removed", changed: "changed" } as const;

type StateViewProps = {
  id: string /** Whether it shows its state at all. */;
  shows: boolean;
  barred: string | undefined;
};

/** The state of the actor, as it shows it when asked, and what changed since it was asked before. */
export function StateView({ id, shows, barred }: StateViewProps) {
  const { snapshots, take } = useSnapshots(id);
  const [index, setIndex] = useState<number | undefined>(undefined);
  const order = useMutation({
    mutationFn: () => take(new Date(serverClock.now()).toISOString()),
    onSuccess: () => setIndex(undefined),
  });
  if (!shows) {
    return (
      <EmptyNote title="It does not show its state.">
        <p className="dim">Its application says so with one line: that the actor takes the order “snapshot”.</p>
      </EmptyNote>
    );
  }
  const at = index ?? snapshots.length - 1;
  const shown = snapshots[at];
  const failed = order.error !== null || (order.data !== undefined && order.data.outcome !== "done");
  return (
    <div className={styles.state}>
      <div className={styles.head}>
        <PendingButton
          size="compact-sm"
          variant="default"
          pending={order.isPending}
          barred={barred}
          title="Asks the actor for its state, between two messages"
          onClick={() => order.mutate()}
        >
          {snapshots.length === 0 ? "Show the state" : "Show it again"}
        </PendingButton>
        {snapshots.length > 1 && (
          <label className={styles.choice}>
            as of
            <select value={at} onChange={(event) => setIndex(Number(event.currentTarget.value))}>
              {snapshots.map((snapshot, place) => (
                <option key={snapshot.at} value={place}>
                  {formatTime(snapshot.at)}
                </option>
              ))}
            </select>
          </label>
        )}
        {shown && (
          <span className="dim">
            {at > 0 ? `changes since ${formatTime(snapshots[at - 1]?.at)}` : formatTime(shown.at)}
          </span>
        )}
      </div>
      {failed && (
        <OrderResultView
          given={{ title: "The state", result: order.data, error: order.error ?? undefined }}
          onClose={order.reset}
        />
      )}
      {shown && <Tree now={shown} before={snapshots[at - 1]} />}
    </div>
  );
}

function Tree({ now, before }: { now: Snapshot; before: Snapshot | undefined }) {
  const lines = diffLines(now.value, before);
  return (
    <>
      {lines.length >= MOST_LINES && <TooMuchNote>The first {formatCount(MOST_LINES)} values.</TooMuchNote>}
      <ul className={styles.tree} aria-label="The state">
        {lines.map((line) => (
          <li
            key={line.path}
            data-change={line.change}
            data-path={line.path}
            style={{ paddingLeft: 12 + 16 * line.depth }}
          >
            <span className={styles.sign} aria-hidden>
              {{ same: "", added: "+", removed: "−", changed: "~" }[line.change]}
            </span>
            {line.change !== "same" && <span className="visually-hidden">{WORDS[line.change]}: </span>}
            {line.name !== "" && <span className={styles.name}>{visible(line.name)}</span>}
            {line.before !== undefined && (
              <>
                <del>{visible(line.before)}</del>
                <span aria-hidden> → </span>
              </>
            )}
            <span>{visible(line.text)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
