import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { serverClock } from "../../../lib/clock";
import { diffLines } from "../../../lib/diff";
import { formatTime } from "../../../lib/format";
import { EmptyNote } from "../../../ui/notes";
import { PendingButton } from "../../../ui/pending-button";
import { useSnapshots } from "../use-actor";
import { DiffTree } from "./diff-tree";
import { OrderResultView } from "./order-result";
import styles from "./state-view.module.css";

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
      {shown && <DiffTree label="The state" lines={diffLines(shown.value, snapshots[at - 1])} />}
    </div>
  );
}
