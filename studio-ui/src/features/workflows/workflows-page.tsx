import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { startWorkflow, stopWorkflow, workflowsQuery } from "../../api/queries";
import { plural } from "../../lib/format";
import { useOrders } from "../../lib/use-orders";
import { NoWorkflows } from "../../ui/no-runs";
import { ErrorNote, LoadingNote, TooMuchNote } from "../../ui/notes";
import { Page, Panel } from "../../ui/page";
import { WorkflowTable } from "./components/workflow-table";
import type { Filled } from "./inputs";

/** Rows a plain table holds well. */
const MOST_ROWS = 200;

export function WorkflowsPage() {
  const workflows = useQuery(workflowsQuery);
  const navigate = useNavigate();
  // What goes with the order that is given next.
  const [inputs] = useState(() => new Map<string, Filled>());
  const start = useOrders(
    (handle) => startWorkflow(handle, inputs.get(handle)),
    ({ runId }) => navigate({ to: "/runs/$runId", params: { runId } }),
  );
  const give = (handle: string, given?: Filled) => {
    if (start.pending.has(handle)) return;
    if (given === undefined) inputs.delete(handle);
    else inputs.set(handle, given);
    start.give(handle);
  };
  const [asked, setAsked] = useState<readonly string[]>([]);
  const stop = useOrders(stopWorkflow, ({ runIds }) => setAsked((before) => [...before, ...runIds]));
  const list = workflows.data;
  return (
    <Page
      title="Workflows"
      aside={list && <span className="dim">{plural(list.length, "workflow")}</span>}
      actions={
        list &&
        list.length > 0 && (
          <Button component={Link} to="/workflows/edit" variant="default">
            New workflow
          </Button>
        )
      }
    >
      <Panel label="List of workflows">
        {workflows.error && (
          <ErrorNote
            title="The workflows could not be read."
            error={workflows.error}
            onRetry={() => void workflows.refetch()}
          />
        )}
        {start.refused && (
          <ErrorNote title={`${start.refused.thing} could not be started.`} error={start.refused.error} />
        )}
        {stop.refused && <ErrorNote title={`${stop.refused.thing} could not be stopped.`} error={stop.refused.error} />}
        {workflows.isPending && <LoadingNote what="workflows" />}
        {list && list.length > MOST_ROWS && (
          <TooMuchNote>
            The first {MOST_ROWS} of {plural(list.length, "workflow")}.
          </TooMuchNote>
        )}
        {list?.length === 0 && <NoWorkflows />}
        {list && list.length > 0 && (
          <WorkflowTable
            workflows={list.slice(0, MOST_ROWS)}
            starting={start.pending}
            stopping={stop.pending}
            asked={asked}
            onStart={give}
            onStop={stop.give}
          />
        )}
      </Panel>
    </Page>
  );
}
