import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { stopWorkflow, workflowsQuery } from "../../api/queries";
import { plural } from "../../lib/format";
import { useOrders } from "../../lib/use-orders";
import { NoWorkflows } from "../../ui/no-runs";
import { ErrorNote, LoadingNote, TooMuchNote } from "../../ui/notes";
import { Page, Panel } from "../../ui/page";
import { StartNote } from "./components/start-button";
import { WorkflowTable } from "./components/workflow-table";
import { useStart } from "./use-start";

/** Rows a plain table holds well. */
const MOST_ROWS = 200;

export function WorkflowsPage() {
  const workflows = useQuery(workflowsQuery);
  const start = useStart();
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
        <StartNote start={start} />
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
            start={start}
            stopping={stop.pending}
            asked={asked}
            onStop={stop.give}
          />
        )}
      </Panel>
    </Page>
  );
}
