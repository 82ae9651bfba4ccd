import { Link } from "@tanstack/react-router";
import type { ActorRecord } from "../api/types";
import { ActorPage } from "../features/actor/actor-page";
import { shortId } from "../lib/format";
import { useHasWorkflows } from "../lib/use-runtime";
import { Name } from "../ui/name";

/** The page of an actor, with the way to what it carries out for the products that are here. */
export function Actor() {
  const hasWorkflows = useHasWorkflows();
  return <ActorPage {...(hasWorkflows && { links: runLinks })} />;
}

/** The actors of runs and of jobs say in their metadata what they are there for. */
function runLinks({ metadata }: ActorRecord) {
  const { run, job, workflow } = metadata ?? {};
  if (typeof run !== "string") return null;
  return (
    <p>
      {typeof job === "string" ? (
        <>
          Carries out the job{" "}
          <Link to="/runs/$runId" params={{ runId: run }} search={{ job }}>
            <Name of={job} />
          </Link>{" "}
          of{" "}
        </>
      ) : (
        "Carries out "
      )}
      <Link to="/runs/$runId" params={{ runId: run }}>
        {typeof workflow === "string" && <Name of={workflow} />} {shortId(run)}
      </Link>
    </p>
  );
}
