import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { RUN_LIMIT, runsQuery } from "../../api/queries";
import type { RunSummary } from "../../api/types";
import { formatCount, plural } from "../../lib/format";
import { EmptyNote, ErrorNote, LoadingNote, TooMuchNote } from "../../ui/notes";
import { Page, Panel } from "../../ui/page";
import { RunTable } from "./components/run-table";

export function RunsPage() {
  const { workflow } = useSearch({ from: "/runs" });
  const runs = useQuery(runsQuery);
  const shown = runs.data?.filter((run) => workflow === undefined || run.workflow.name === workflow);
  return (
    <Page
      title={workflow === undefined ? "Runs" : `Runs of ${workflow}`}
      aside={shown && <span className="dim">{plural(shown.length, "run")}</span>}
      actions={workflow !== undefined && <Link to="/runs">All runs</Link>}
    >
      <Panel label="History of runs">
        {runs.error && (
          <ErrorNote title="The runs could not be read." error={runs.error} onRetry={() => void runs.refetch()} />
        )}
        {runs.isPending && <LoadingNote what="runs" />}
        {(runs.data?.length ?? 0) >= RUN_LIMIT && (
          <TooMuchNote>The newest {formatCount(RUN_LIMIT)} runs; `loom-runtime runs list` has them all.</TooMuchNote>
        )}
        {shown && <History runs={shown} />}
      </Panel>
    </Page>
  );
}

function History({ runs }: { runs: readonly RunSummary[] }) {
  if (runs.length > 0) return <RunTable runs={runs} />;
  return (
    <EmptyNote title="Nothing has run yet.">
      <p className="dim">
        Start one on the page of <Link to="/workflows">workflows</Link>, or from a shell:
      </p>
      <pre>loom-runtime run .loom.yml</pre>
    </EmptyNote>
  );
}
