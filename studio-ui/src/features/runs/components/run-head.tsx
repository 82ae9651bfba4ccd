import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { cancelRun } from "../../../api/queries";
import type { Run } from "../../../api/types";
import { UNKNOWN } from "../../../lib/format";
import { Icon } from "../../../ui/icon";
import { ErrorNote } from "../../../ui/notes";
import { isOver } from "../../../ui/state-look";
import { Age, Elapsed } from "../../../ui/time";
import styles from "./run-page.module.css";

/** When, how long, why and where a run ran. */
export function RunFacts({ run }: { run: Run }) {
  return (
    <>
      <dl className={styles.facts}>
        <Fact name="Run" value={<span className="mono">{run.runId}</span>} />
        <Fact name="Duration" value={<Elapsed from={run.startedAt} to={run.finishedAt} />} />
        <Fact name="Started" value={<Age of={run.startedAt} />} />
        <Fact name="Event" value={run.event ?? UNKNOWN} />
        <Fact name="Executor" value={run.executor ?? UNKNOWN} />
        <Fact name="File" value={<span className="mono">{run.workflow.file ?? UNKNOWN}</span>} />
      </dl>
      {run.reason && <p className={styles.reason}>{run.reason.message}</p>}
    </>
  );
}

function Fact({ name, value }: { name: string; value: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

export type Cancel = ReturnType<typeof useCancel>;

export function useCancel(runId: string) {
  return useMutation({ mutationFn: () => cancelRun(runId) });
}

/** Stays pressed until the run has really ended: being asked to stop is not having stopped. */
export function CancelButton({ run, cancel }: { run: Run; cancel: Cancel }) {
  if (isOver(run.state)) return null;
  return (
    <Button
      variant="default"
      leftSection={<Icon name="stop" size={12} />}
      loading={cancel.isPending}
      disabled={cancel.isSuccess}
      onClick={() => cancel.mutate()}
    >
      {cancel.isSuccess ? "Cancelling …" : "Cancel"}
    </Button>
  );
}

export function CancelError({ cancel }: { cancel: Cancel }) {
  if (!cancel.error) return null;
  return <ErrorNote title="The run could not be cancelled." error={cancel.error} onRetry={() => cancel.mutate()} />;
}
