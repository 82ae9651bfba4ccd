import { OverviewPage } from "../features/overview/overview-page";
import { RunningPanel } from "../features/runs/overview/running-panel";
import { useRunNeeds } from "../features/runs/overview/use-run-needs";
import { WorkflowBars } from "../features/workflows/components/workflow-bars";
import { useRuns } from "../lib/use-runs";
import { useHasWorkflows, useSections } from "../lib/use-runtime";
import { LoadingNote } from "../ui/notes";

/** The studio's overview, with what the products that are here have to say. */
export function Overview() {
  const { isPending } = useSections();
  const hasWorkflows = useHasWorkflows();
  // What the page is made of does not change below its reader's eyes.
  if (isPending) return <LoadingNote what="the overview" />;
  return hasWorkflows ? <WithRuns /> : <OverviewPage />;
}

function WithRuns() {
  const { runs, total, error, retry } = useRuns();
  const needs = useRunNeeds(runs);
  return (
    <OverviewPage needs={needs}>
      <RunningPanel runs={runs} loaded={total !== undefined} error={error} retry={retry} />
      <WorkflowBars />
    </OverviewPage>
  );
}
