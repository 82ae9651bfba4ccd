import { Link } from "@tanstack/react-router";
import type { RunSummary } from "../../../api/types";
import { runNumber } from "../../../lib/format";
import { visible } from "../../../lib/visible";
import { Name } from "../../../ui/name";
import type { Need } from "../../../ui/need-list";
import { type Failure, useFailures } from "./use-failures";

/** Runs that failed, unless their workflow has succeeded since, and runs that wait for somebody's answer. */
export function useRunNeeds(runs: readonly RunSummary[]): Need[] {
  const failures = useFailures(runs);
  const paused = runs.filter(({ state, paused }) => state === "running" && paused);
  return [...paused.map(pausedNeed), ...failures.map(failureNeed)];
}

function pausedNeed(run: RunSummary): Need {
  return {
    key: `paused ${run.runId}`,
    path: `/runs/${run.runId}`,
    severity: "problem",
    icon: "pause",
    subject: <RunName run={run} />,
    sentence: "is paused at a step that failed, and goes on with your answer",
    since: run.startedAt,
  };
}

function failureNeed({ run, job, step, why, line }: Failure): Need {
  return {
    key: `run ${run.runId}`,
    path: `/runs/${run.runId}`,
    severity: "problem",
    subject: <RunName run={run} job={job?.id} />,
    sentence: (
      <>
        {run.state === "lost" ? "was lost" : "failed"}
        {job && (
          <>
            {" in "}
            <Name of={job.name} />
            {step !== undefined && (
              <>
                {" › "}
                <Name of={step} />
              </>
            )}
          </>
        )}
      </>
    ),
    quote: line === undefined ? why : visible(line),
    since: run.finishedAt,
  };
}

function RunName({ run, job }: { run: RunSummary; job?: string | undefined }) {
  return (
    <Link to="/runs/$runId" params={{ runId: run.runId }} search={job === undefined ? {} : { job }} title={run.runId}>
      <Name of={run.workflow.name} /> {runNumber(run)}
    </Link>
  );
}
