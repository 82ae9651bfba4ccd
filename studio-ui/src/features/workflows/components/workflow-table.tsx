import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import type { Workflow } from "../../../api/types";
import { UNKNOWN } from "../../../lib/format";
import { Icon } from "../../../ui/icon";
import { StateWord } from "../../../ui/state-word";
import table from "../../../ui/table.module.css";
import { Age, Elapsed } from "../../../ui/time";
import { handleOf } from "../model";
import { Diagnostics } from "./diagnostics";
import styles from "./workflow-table.module.css";

type WorkflowTableProps = {
  workflows: readonly Workflow[];
  /** Handles of those whose order is on its way. */
  starting: string | undefined;
  stopping: string | undefined;
  onStart: (handle: string) => void;
  onStop: (handle: string) => void;
};

export function WorkflowTable({ workflows, ...row }: WorkflowTableProps) {
  return (
    <div className={table.scroll}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">Workflow</th>
            <th scope="col">State</th>
            <th scope="col">File</th>
            <th scope="col">Last run</th>
            <th scope="col" className={table.number}>
              Started
            </th>
            <th scope="col" className={table.number}>
              Duration
            </th>
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {workflows.map((workflow) => (
            <Fragment key={workflow.file}>
              <WorkflowRow workflow={workflow} handle={handleOf(workflow, workflows)} {...row} />
              {workflow.diagnostics && workflow.diagnostics.length > 0 && (
                <tr>
                  <td colSpan={7} className={styles.diagnostics} data-state={workflow.state}>
                    <Diagnostics of={workflow.file} diagnostics={workflow.diagnostics} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

type WorkflowRowProps = Omit<WorkflowTableProps, "workflows"> & { workflow: Workflow; handle: string };

function WorkflowRow({ workflow, handle, starting, stopping, onStart, onStop }: WorkflowRowProps) {
  const { name, file, state, lastRun } = workflow;
  return (
    <tr data-workflow={name}>
      <th scope="row">
        <Link to="/runs" search={{ workflow: name }}>
          {name}
        </Link>
      </th>
      <td>
        <StateWord state={state} />
      </td>
      <td className="mono dim">{file}</td>
      <td>
        {lastRun ? (
          <Link
            to="/runs/$runId"
            params={{ runId: lastRun.runId }}
            aria-label={`Last run of ${name}: ${lastRun.state}`}
          >
            <StateWord state={lastRun.state} />
          </Link>
        ) : (
          <span className="dim">{UNKNOWN}</span>
        )}
      </td>
      <td className={table.number}>
        <Age of={lastRun?.startedAt} />
      </td>
      <td className={table.number}>
        <Elapsed from={lastRun?.startedAt} to={lastRun?.finishedAt} />
      </td>
      <td className={table.buttons}>
        <span className={styles.actions}>
          {state === "running" && (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`Stop ${name}`}
              loading={stopping === handle}
              onClick={() => onStop(handle)}
            >
              Stop
            </Button>
          )}
          <Button
            size="compact-sm"
            leftSection={<Icon name="play" size={12} />}
            aria-label={`Start ${name}`}
            disabled={state === "invalid"}
            loading={starting === handle}
            onClick={() => onStart(handle)}
          >
            Start
          </Button>
        </span>
      </td>
    </tr>
  );
}
