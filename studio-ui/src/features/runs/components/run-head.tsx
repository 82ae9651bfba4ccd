import { useRef, useState } from "react";
import { cancelRun } from "../../../api/queries";
import type { Run } from "../../../api/types";
import { UNKNOWN } from "../../../lib/format";
import { useOrders } from "../../../lib/use-orders";
import { useBarred } from "../../../lib/use-session";
import { visible } from "../../../lib/visible";
import { ActorLink } from "../../../ui/actor-link";
import { ErrorNote } from "../../../ui/notes";
import { isOver } from "../../../ui/state-look";
import { StopButton } from "../../../ui/stop-button";
import { Age, Elapsed } from "../../../ui/time";
import { adviceOn } from "../model/advice";
import { useCarrier } from "../use-carrier";
import { AttemptOf } from "./rerun";
import styles from "./run-page.module.css";
import { Why } from "./why";

/** When, how long, why and where a run ran. */
export function RunFacts({ run }: { run: Run }) {
  const carrier = useCarrier(run.runId);
  return (
    <>
      <dl className={styles.facts}>
        <Fact name="Run" value={<span className="mono">{run.runId}</span>} />
        <Fact name="Duration" value={<Elapsed from={run.startedAt} to={run.finishedAt} />} />
        <Fact name="Started" value={<Age of={run.startedAt} />} />
        <Fact name="Event" value={run.event ?? UNKNOWN} />
        {run.actor !== undefined && <Fact name="Started by" value={run.actor} />}
        {run.branch !== undefined && <Fact name="Branch" value={<span className="mono">{visible(run.branch)}</span>} />}
        {run.commit !== undefined && <Fact name="Commit" value={<Commit run={run} />} />}
        <Fact name="Executor" value={run.executor ?? UNKNOWN} />
        {run.rerun && <Fact name="Attempt" value={<AttemptOf rerun={run.rerun} />} />}
        {run.resumedAt?.map((at) => (
          <Fact key={at} name="Resumed" value={<ResumedAt at={at} />} />
        ))}
        {carrier && <Fact name="Actor" value={<ActorLink id={carrier.id} />} />}
        <Fact name="File" value={<span className="mono">{run.workflow.file ?? UNKNOWN}</span>} />
      </dl>
      <Why
        state={run.state}
        text={run.reason?.message ?? cancelled(run) ?? queued(run)}
        next={run.reason && adviceOn(run.state, run.reason)}
      />
    </>
  );
}

/** When another process went on with the run. */
function ResumedAt({ at }: { at: string }) {
  return (
    <span title="The process that ran it had died. Jobs that had ended stayed as they were.">
      <Age of={at} />
    </span>
  );
}

function Commit({ run: { commit = "", title } }: { run: Run }) {
  return (
    <span title={title === undefined ? commit : `${commit}: ${visible(title)}`} className="mono">
      {commit.slice(0, 7)}
    </span>
  );
}

function cancelled(run: Run): string | undefined {
  if (run.state !== "cancelled" || run.cancelRequestedBy === undefined) return undefined;
  return `Cancelled by ${BY[run.cancelRequestedBy] ?? run.cancelRequestedBy}.`;
}

function queued(run: Run): string | undefined {
  return run.state === "queued" && run.waitsFor !== undefined ? `It waits: ${run.waitsFor}.` : undefined;
}

/** A newer run of the concurrency group: nobody asked, so the first who does forces nothing. */
const BY_CONCURRENCY = "concurrency";

/** How the journal names those who cancel. */
const BY: Record<string, string> = {
  api: "a click in the studio, or a call of its interface",
  [BY_CONCURRENCY]: "a newer run of its concurrency group",
};

function Fact({ name, value }: { name: string; value: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

export type Cancel = ReturnType<typeof useCancel>;

/** Cancelling as far as it has come: 1 when somebody asked for it, here or elsewhere, 2 when it was forced from here. */
export function useCancel(run: Run) {
  const [given, setGiven] = useState(0);
  const level = useRef(0);
  const barred = useBarred();
  const by = run.cancelRequestedBy;
  const asked = Math.max(given, by === undefined || by === BY_CONCURRENCY ? 0 : 1);
  const { pending, refused, give } = useOrders(cancelRun, () => setGiven(level.current));
  const order = () => {
    // What the click meant; by the time it is accepted a frame may have told of it already.
    if (!pending.has(run.runId)) level.current = asked + 1;
    give(run.runId);
  };
  return { asked, pending: pending.has(run.runId), barred, refused, order };
}

export function CancelButton({ run, cancel }: { run: Run; cancel: Cancel }) {
  if (isOver(run.state)) return null;
  const { asked, pending, barred, order } = cancel;
  return <StopButton verb="Cancel" asked={asked} pending={pending} barred={barred} onClick={order} />;
}

/** What being asked to cancel means, while it goes on. */
export function CancelNote({ run, cancel }: { run: Run; cancel: Cancel }) {
  if (cancel.refused) {
    return <ErrorNote title="The run could not be cancelled." error={cancel.refused.error} />;
  }
  if (isOver(run.state) || cancel.asked === 0) return null;
  return (
    <p className={styles.asked} role="status">
      {cancel.asked === 1
        ? "Asked to cancel. Steps have ten seconds to end by themselves, then they are ended."
        : "Every step is being ended now."}
    </p>
  );
}
