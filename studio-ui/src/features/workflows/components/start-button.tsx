import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "../../../api/queries";
import type { Workflow } from "../../../api/types";
import { Icon } from "../../../ui/icon";
import { mayOrder } from "../../../ui/levers";
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
  const session = useQuery(sessionQuery);
  const may = mayOrder(session.data?.role);
  const takes = (workflow.inputs ?? []).length > 0;
  return (
    <PendingButton
      size="compact-sm"
      leftSection={<Icon name="play" size={12} />}
      aria-label={`Start ${spoken}`}
      title={may ? undefined : "Your role may look, and start nothing."}
      disabled={!may || workflow.state === "invalid"}
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
