import { useQuery } from "@tanstack/react-query";
import { workflowsQuery } from "../api/queries";
import { OverviewPage } from "../features/overview/overview-page";
import { RunningPanel } from "../features/runs/overview/running-panel";
import { useRunNeeds } from "../features/runs/overview/use-run-needs";
import { WorkflowBars } from "../features/workflows/components/workflow-bars";
import { useRuns } from "../lib/use-runs";
import { useHasWorkflows, useSections } from "../lib/use-runtime";
import { NoWorkflows } from "../ui/no-runs";
import { LoadingNote } from "../ui/notes";
import { Panel } from "../ui/page";

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
  const workflows = useQuery(workflowsQuery);
  const needs = useRunNeeds(runs);
  const fresh = total === 0 && workflows.data?.length === 0;
  return (
    <OverviewPage needs={needs} quiet="No failed run, no warning, no lint, no actor that failed or fell silent.">
      {fresh ? (
        <Panel label="Begin here" head={<h2>Begin here</h2>}>
          <NoWorkflows />
        </Panel>
      ) : (
        <>
          <RunningPanel runs={runs} loaded={total !== undefined} error={error} retry={retry} />
          <WorkflowBars />
        </>
      )}
    </OverviewPage>
  );
}
