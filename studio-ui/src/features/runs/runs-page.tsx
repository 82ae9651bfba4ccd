import { Link, useSearch } from "@tanstack/react-router";
import { formatCount, plural } from "../../lib/format";
import { type Runs, useRuns } from "../../lib/use-runs";
import { NoRuns, startOf } from "../../ui/no-runs";
import { EmptyNote, ErrorNote, LoadingNote } from "../../ui/notes";
import { Page, Panel } from "../../ui/page";
import { PendingButton } from "../../ui/pending-button";
import { Snippet } from "../../ui/snippet";
import { RunTable } from "./components/run-table";
import styles from "./runs-page.module.css";

export function RunsPage() {
  const { workflow } = useSearch({ from: "/runs" });
  const history = useRuns(workflow);
  const { runs, total, error, retry } = history;
  return (
    <Page
      title={workflow === undefined ? "Runs" : `Runs of ${workflow}`}
      aside={total !== undefined && <span className="dim">{plural(total, "run")}</span>}
      actions={workflow !== undefined && <Link to="/runs">All runs</Link>}
      fill
    >
      <Panel label="History of runs">
        {error && <ErrorNote title="The runs could not be read." error={error} onRetry={retry} />}
        {total === undefined && !error && <LoadingNote what="runs" />}
        {runs.length > 0 && <RunTable runs={runs} foot={<More history={history} />} />}
        {total === 0 && <Nothing workflow={workflow} />}
      </Panel>
    </Page>
  );
}

/** How to see the rest of a long history. */
function More({ history: { runs, total, more, loadingMore } }: { history: Runs }) {
  if (more === undefined) return null;
  return (
    <div className={styles.more}>
      <span className="dim">
        The newest {formatCount(runs.length)} of {formatCount(total)}.
      </span>
      <PendingButton variant="default" pending={loadingMore} onClick={more}>
        Load more
      </PendingButton>
    </div>
  );
}

function Nothing({ workflow }: { workflow: string | undefined }) {
  if (workflow === undefined) return <NoRuns title="Nothing has run yet." />;
  return (
    <EmptyNote title="This workflow has not run yet.">
      <p className="dim">
        Start it on the page of <Link to="/workflows">workflows</Link>, or from a shell:
      </p>
      <Snippet text={startOf(workflow)} />
    </EmptyNote>
  );
}
