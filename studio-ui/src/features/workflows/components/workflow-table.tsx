import { Link } from "@tanstack/react-router";
import { Fragment, useState } from "react";
import type { Workflow } from "../../../api/workflow-types";
import { UNKNOWN } from "../../../lib/format";
import { runState } from "../../../lib/jobs";
import { useBarred } from "../../../lib/use-session";
import { Name } from "../../../ui/name";
import { StateWord } from "../../../ui/state-word";
import { StopButton } from "../../../ui/stop-button";
import table from "../../../ui/table.module.css";
import { Age, Elapsed } from "../../../ui/time";
import { handleOf, spokenName } from "../model";
import type { Start } from "../use-start";
import { Diagnostics } from "./diagnostics";
import { Schedules } from "./schedules";
import { StartButton } from "./start-button";
import { StartForm } from "./start-form";
import styles from "./workflow-table.module.css";

type WorkflowTableProps = {
  workflows: readonly Workflow[];
  start: Start;
  /** Handles of those whose order is on its way. */
  stopping: ReadonlySet<string>;
  /** Runs that were asked to stop from here, once for each time. */
  asked: readonly string[];
  onStop: (handle: string) => void;
};

export function WorkflowTable({ workflows, ...row }: WorkflowTableProps) {
  const [asking, setAsking] = useState<string | undefined>(undefined);
  return (
    <div className={table.scroll}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col" className={table.grow}>
              Workflow
            </th>
            <th scope="col" className={table.wide}>
              State
            </th>
            <th scope="col" className={table.widest}>
              File
            </th>
            <th scope="col">Last run</th>
            <th scope="col" className={`${table.number} ${table.wider}`}>
              Started
            </th>
            <th scope="col" className={`${table.number} ${table.wider}`}>
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
              <WorkflowRow
                workflow={workflow}
                handle={handleOf(workflow, workflows)}
                spoken={spokenName(workflow, workflows)}
                {...row}
                asking={asking === workflow.file}
                onAsk={() => setAsking(asking === workflow.file ? undefined : workflow.file)}
              />
              {asking === workflow.file && workflow.inputs && (
                <tr>
                  <td colSpan={7}>
                    <StartForm
                      spoken={spokenName(workflow, workflows)}
                      file={workflow.file}
                      inputs={workflow.inputs}
                      pending={row.start.pending.has(handleOf(workflow, workflows))}
                      onStart={(given) => row.start.give(handleOf(workflow, workflows), given)}
                      onClose={() => setAsking(undefined)}
                    />
                  </td>
                </tr>
              )}
              {workflow.schedules && (
                <tr>
                  <td colSpan={7} className={styles.schedules}>
                    <Schedules of={spokenName(workflow, workflows)} schedules={workflow.schedules} />
                  </td>
                </tr>
              )}
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

type WorkflowRowProps = Omit<WorkflowTableProps, "workflows"> & {
  workflow: Workflow;
  handle: string;
  spoken: string;
  /** Whether it is asked what it shall be started with, and how to ask or leave it. */
  asking: boolean;
  onAsk: () => void;
};

function WorkflowRow(props: WorkflowRowProps) {
  const { workflow, handle, spoken, start, stopping, asked, asking, onAsk, onStop } = props;
  const { name, file, state, onlyCalled, lastRun } = workflow;
  const barred = useBarred();
  return (
    <tr data-workflow={name}>
      <th scope="row" className={`${table.grow} ${styles.name}`}>
        <Link to="/runs" search={{ workflow: handle }}>
          <Name of={name} cut />
        </Link>
        <span className={`${table.short} ${styles.short}`}>
          <StateWord state={state} />
          {handle === file && <Name of={file.split("/").at(-1) ?? file} cut mono />}
        </span>
      </th>
      <td className={table.wide}>
        <StateWord state={state} />
      </td>
      <td className={`dim ${table.widest} ${table.path}`}>
        <Name of={file} cut mono />
      </td>
      <td>
        {lastRun ? (
          <Link
            to="/runs/$runId"
            params={{ runId: lastRun.runId }}
            aria-label={`Last run of ${spoken}: ${runState(lastRun)}`}
          >
            <StateWord state={runState(lastRun)} />
          </Link>
        ) : (
          <span className="dim">{UNKNOWN}</span>
        )}
      </td>
      <td className={`${table.number} ${table.wider}`}>
        <Age of={lastRun?.startedAt} />
      </td>
      <td className={`${table.number} ${table.wider}`}>
        <Elapsed from={lastRun?.startedAt} to={lastRun?.finishedAt} />
      </td>
      <td className={table.buttons}>
        <span className={styles.actions}>
          <Link to="/workflows/edit" search={{ file }} aria-label={`Edit ${spoken}`} className={styles.edit}>
            Edit
          </Link>
          {state === "running" && (
            <StopButton
              key={lastRun?.runId}
              verb="Stop"
              of={spoken}
              size="compact-sm"
              asked={asked.filter((run) => run === lastRun?.runId).length}
              pending={stopping.has(handle)}
              barred={barred}
              onClick={() => onStop(handle)}
            />
          )}
          {onlyCalled ? (
            <span className="dim">called by others</span>
          ) : (
            <StartButton
              workflow={workflow}
              handle={handle}
              spoken={spoken}
              start={start}
              asking={asking}
              onAsk={onAsk}
            />
          )}
        </span>
      </td>
    </tr>
  );
}
