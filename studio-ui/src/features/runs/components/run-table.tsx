import { Link } from "@tanstack/react-router";
import type { RunSummary } from "../../../api/types";
import { shortId, UNKNOWN } from "../../../lib/format";
import { StateWord } from "../../../ui/state-word";
import table from "../../../ui/table.module.css";
import { Age, Elapsed } from "../../../ui/time";

export function RunTable({ runs }: { runs: readonly RunSummary[] }) {
  return (
    <div className={table.scroll}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Workflow</th>
            <th scope="col">Run</th>
            <th scope="col">Event</th>
            <th scope="col">Executor</th>
            <th scope="col" className={table.number}>
              Started
            </th>
            <th scope="col" className={table.number}>
              Duration
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.runId} data-run={run.runId}>
              <td>
                <StateWord state={run.state} />
              </td>
              <th scope="row">
                <Link to="/runs" search={{ workflow: run.workflow.name }}>
                  {run.workflow.name}
                </Link>
              </th>
              <td className="mono">
                <Link to="/runs/$runId" params={{ runId: run.runId }} title={run.runId}>
                  {shortId(run.runId)}
                </Link>
              </td>
              <td>{run.event ?? UNKNOWN}</td>
              <td>{run.executor ?? UNKNOWN}</td>
              <td className={table.number}>
                <Age of={run.startedAt ?? run.createdAt} />
              </td>
              <td className={table.number}>
                <Elapsed from={run.startedAt} to={run.finishedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
