import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { searchQuery } from "../../../api/log-search";
import type { LogHit, Sought } from "../../../api/types";
import { formatCount, formatMoment, plural, shortId } from "../../../lib/format";
import { visible } from "../../../lib/visible";
import { EmptyNote, ErrorNote, LoadingNote } from "../../../ui/notes";
import { Panel } from "../../../ui/page";
import { PendingButton } from "../../../ui/pending-button";
import { byRun } from "../model/sought";
import styles from "./found-lines.module.css";

/** The lines of all logs that match, each a link to the very line. */
export function FoundLines({ sought }: { sought: Sought }) {
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery(
    searchQuery(sought),
  );
  const pages = data?.pages ?? [];
  const hits = pages.flatMap((page) => page.hits);
  const unreadable = pages.reduce((sum, page) => sum + page.unreadable, 0);
  const logs = pages.reduce((sum, page) => sum + page.logs, 0);
  const count = `${hasNextPage ? "The first " : ""}${plural(hits.length, "line")}`;
  const newest = `Nothing in the newest ${plural(logs, "log")}`;
  const head = data && (
    <h2>
      <span role="status">{hits.length === 0 && hasNextPage ? newest : count}</span>
    </h2>
  );
  return (
    <Panel label="Lines that match" head={head} className={styles.panel}>
      {isPending && <LoadingNote what="what matches" />}
      {error && !data && <ErrorNote title="Nothing was searched." error={error} onRetry={() => void refetch()} />}
      {data && hits.length === 0 && !hasNextPage && <EmptyNote title={`No line of ${plural(logs, "log")} matches.`} />}
      {unreadable > 0 && <p className={styles.note}>{plural(unreadable, "log")} could not be read.</p>}
      <section className={styles.runs} aria-label="Lines by run" tabIndex={hits.length > 0 ? 0 : -1}>
        {byRun(hits).map((run) => (
          <section key={`${run.runId} ${run.hits[0]?.line}`} aria-label={`Run ${shortId(run.runId)}`}>
            <h3 className={styles.run}>
              <Link to="/runs/$runId" params={{ runId: run.runId }}>
                {visible(run.workflow)}
              </Link>
              <span className="dim">
                {formatMoment(run.hits[0]?.timestamp)} · {shortId(run.runId)}
              </span>
            </h3>
            <ul className={styles.hits}>
              {run.hits.map((hit) => (
                <Hit key={`${hit.job} ${hit.attempt} ${hit.line}`} hit={hit} />
              ))}
            </ul>
          </section>
        ))}
        {hasNextPage && (
          <PendingButton
            className={styles.more ?? ""}
            size="xs"
            variant="default"
            pending={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            Search on
          </PendingButton>
        )}
        {error && data && (
          <ErrorNote title="The search did not go on." error={error} onRetry={() => void fetchNextPage()} />
        )}
      </section>
    </Panel>
  );
}

function Hit({ hit }: { hit: LogHit }) {
  const { runId, job, attempt, line } = hit;
  return (
    <li className={styles.hit}>
      <Link to="/runs/$runId" params={{ runId }} search={{ job, ...(attempt > 1 && { attempt }), line }}>
        <span className={styles.place}>
          {visible(job)}
          {attempt > 1 && <span className="dim"> attempt {attempt}</span>}
          <span className="dim"> line {formatCount(line)}</span>
        </span>
        <span className={styles.text}>
          {visible(hit.before)}
          <mark>{visible(hit.match)}</mark>
          {visible(hit.after)}
        </span>
      </Link>
    </li>
  );
}
