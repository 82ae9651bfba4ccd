import { Link, useNavigate } from "@tanstack/react-router";
import { rerunRun } from "../../../api/queries";
import type { Job, Rerun, Run } from "../../../api/types";
import { useOrders } from "../../../lib/use-orders";
import { useBarred } from "../../../lib/use-session";
import { visible } from "../../../lib/visible";
import { ErrorNote } from "../../../ui/notes";
import { PendingButton } from "../../../ui/pending-button";
import { isOver } from "../../../ui/state-look";
import styles from "./run-page.module.css";

export type RerunOrder = ReturnType<typeof useRerun>;

/** Running a run again, `all` of it or what `failed`; the new attempt is shown as soon as there is one. */
export function useRerun(run: Run) {
  const navigate = useNavigate();
  return useOrders(
    (what) => rerunRun(run.runId, what === "failed"),
    ({ runId }) => navigate({ to: "/runs/$runId", params: { runId } }),
  );
}

/** Offered once a run has ended: all of it, and what failed where something did. */
export function RerunButtons({ run, rerun }: { run: Run; rerun: RerunOrder }) {
  const barred = useBarred();
  if (!isOver(run.state)) return null;
  const wentWell = run.state === "success" || run.state === "skipped";
  const busy = rerun.pending.size > 0;
  return (
    <span className={styles.answers}>
      {!wentWell && (
        <PendingButton
          size="xs"
          variant="default"
          title="What failed, was cancelled or lost, and the jobs that need it; the others are reused, with their outputs"
          pending={busy}
          barred={barred}
          onClick={() => rerun.give("failed")}
        >
          Re-run failed
        </PendingButton>
      )}
      <PendingButton
        size="xs"
        variant="default"
        title="All of it, from the texts that it was made from"
        pending={busy}
        barred={barred}
        onClick={() => rerun.give("all")}
      >
        Re-run
      </PendingButton>
    </span>
  );
}

export function RerunNote({ rerun }: { rerun: RerunOrder }) {
  if (rerun.refused === undefined) return null;
  return <ErrorNote title="The run was not started again." error={rerun.refused.error} />;
}

/** Which attempt it is, of what, and from which texts. */
export function AttemptOf({ rerun }: { rerun: Rerun }) {
  const what = { failed: "what failed", jobs: (rerun.jobs ?? []).join(", ") }[rerun.again] ?? "all of it";
  const from = rerun.sources === "current" ? "from the files as they were then" : "from the stored texts";
  return (
    <>
      {rerun.attempt} of the run, after{" "}
      <Link to="/runs/$runId" params={{ runId: rerun.of }} className="mono">
        {rerun.of}
      </Link>
      : {visible(what)}, {from}
    </>
  );
}

/** In which attempt of its run a job ran that was reused. */
export function reusedFrom({ attempt }: NonNullable<Job["reused"]>): string {
  return `reused from attempt ${attempt} of the run`;
}

/** Where a job ran that was reused, with the way there; why that could not be read. */
export function ReusedNote({ job, error }: { job: Job; error: Error | null }) {
  if (job.reused === undefined) return null;
  return (
    <p className={styles.note}>
      This job is{" "}
      <Link to="/runs/$runId" params={{ runId: job.reused.run }} search={{ job: job.id }}>
        {reusedFrom(job.reused)}
      </Link>
      : its steps and its log are from there.
      {error && ` The steps could not be read: ${error.message}`}
    </p>
  );
}
