import type { Workflow } from "../../../api/workflow-types";
import { useBarred } from "../../../lib/use-session";
import { Icon } from "../../../ui/icon";
import { ErrorNote } from "../../../ui/notes";
import { PendingButton } from "../../../ui/pending-button";
import type { Start } from "../use-start";

export type StartButtonProps = {
  workflow: Workflow;
  /** What it is started by. */
  handle: string;
  /** What it is called aloud. */
  spoken: string;
  start: Start;
  /** Whether it is asked what it shall be started with, and how to ask or leave it. */
  asking: boolean;
  onAsk: () => void;
};

/** Starts a workflow at once, or asks first where it takes something. */
export function StartButton({ workflow, handle, spoken, start, asking, onAsk }: StartButtonProps) {
  const barred = useBarred("start");
  const takes = (workflow.inputs ?? []).length > 0;
  return (
    <PendingButton
      size="compact-sm"
      leftSection={<Icon name="play" size={12} />}
      aria-label={`Start ${spoken}`}
      barred={barred}
      disabled={workflow.state === "invalid"}
      pending={start.pending.has(handle)}
      {...(takes && { "aria-expanded": asking })}
      onClick={() => (takes ? onAsk() : start.give(handle))}
    >
      {takes ? "Start …" : "Start"}
    </PendingButton>
  );
}

/** What could not be started, and why. */
export function StartNote({ start: { refused } }: { start: Start }) {
  if (refused === undefined) return null;
  return <ErrorNote title={`${refused.thing} could not be started.`} error={refused.error} />;
}
