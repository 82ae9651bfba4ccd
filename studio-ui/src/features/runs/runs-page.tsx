import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { formatCount, plural } from "../../lib/format";
import { type Runs, useRuns } from "../../lib/use-runs";
import { NoRuns, startOf } from "../../ui/no-runs";
import { EmptyNote, ErrorNote, LoadingNote } from "../../ui/notes";
import { Page, Panel } from "../../ui/page";
import { PendingButton } from "../../ui/pending-button";
import { Snippet } from "../../ui/snippet";
import { RunFilter } from "./components/run-filter";
import { RunTable } from "./components/run-table";
import { type RunsSearch, type RunsWord, withWords } from "./model/search";
import styles from "./runs-page.module.css";

export function RunsPage() {
  const search = useSearch({ from: "/runs" });
  const navigate = useNavigate({ from: "/runs" });
  const { workflow, ...words } = search;
  const history = useRuns(workflow, { words });
  const { runs, total, error, retry } = history;
  const change = useCallback(
    (change: { [W in RunsWord]?: string | undefined }) =>
      void navigate({ search: (before) => withWords(before, change), replace: true }),
    [navigate],
  );
  return (
    <Page
      title={workflow === undefined ? "Runs" : `Runs of ${workflow}`}
      aside={
        total !== undefined && (
          <span className="dim" role="status">
            {plural(total, "run")}
          </span>
        )
      }
      actions={Object.keys(search).length > 0 && <Link to="/runs">All runs</Link>}
      fill
    >
      <Panel label="History of runs" head={<RunFilter search={search} onChange={change} />}>
        {error && <ErrorNote title="The runs could not be read." error={error} onRetry={retry} />}
        {total === undefined && !error && <LoadingNote what="runs" />}
        {runs.length > 0 && <RunTable runs={runs} foot={<More history={history} />} />}
        {total === 0 && !error && <Nothing search={search} />}
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

function Nothing({ search: { workflow, ...words } }: { search: RunsSearch }) {
  if (Object.keys(words).length > 0) {
    return (
      <EmptyNote title="No run is like this.">
        <p className="dim">
          <Link to="/runs" search={workflow === undefined ? {} : { workflow }}>
            Leave the filters out
          </Link>
        </p>
      </EmptyNote>
    );
  }
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
