import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import { isUnknownHere, mapQuery } from "../../api/inside-queries";
import { metricsQuery } from "../../api/queries";
import { applicationActors } from "../../lib/counts";
import { plural } from "../../lib/format";
import type { TrendsAsked } from "../../lib/trends/asked";
import { LATELY_METRICS, latelyOf } from "../../lib/trends/lately";
import { useTrends } from "../../lib/trends/use-trends";
import { useLook } from "../../lib/use-live";
import { readWindow } from "../../lib/window";
import { HistoryCharts } from "../../ui/chart/charts";
import { Icon } from "../../ui/icon";
import { inOrder, type Need, NeedList } from "../../ui/need-list";
import { NoActors } from "../../ui/no-actors";
import { EmptyNote, ErrorNote, LoadingNote, TooMuchNote } from "../../ui/notes";
import { Page, Panel } from "../../ui/page";
import { WindowSelect } from "../../ui/window-select";
import { Busiest } from "./components/busiest";
import styles from "./overview-page.module.css";
import { useActorNeeds } from "./use-actor-needs";
import { useWarningNeeds } from "./use-warning-needs";

const QUIET = "No warning, no lint, no actor that failed or fell silent.";
/** More rows than this are no overview. */
const MOST_NEEDS = 20;

/** What the studio remembers of all actors: it was there before this page was opened. */
const ALL: TrendsAsked = { by: "all", metrics: LATELY_METRICS, filter: "", range: { last: "10m" }, limit: 1 };

type OverviewPageProps = {
  /** What needs somebody beside what actors do: that of products. */
  needs?: readonly Need[];
  /** What it means that nothing needs anybody, in a sentence. */
  quiet?: string;
  /** Panels of products, above those of the actors. */
  children?: ReactNode;
};

/** Is something wrong, where, and what goes on: the page that a studio opens with. */
export function OverviewPage({ needs = [], quiet = QUIET, children }: OverviewPageProps) {
  const metrics = useQuery(metricsQuery);
  useLook(undefined, true);
  return (
    <Page title="Overview">
      <Needs more={needs} quiet={quiet} />
      {children}
      {metrics.data && applicationActors(metrics.data) === 0 ? (
        <Panel label="Actors" head={<h2>Actors</h2>}>
          <NoActors />
        </Panel>
      ) : (
        <Actors />
      )}
    </Page>
  );
}

function Needs({ more, quiet }: { more: readonly Need[]; quiet: string }) {
  const { needs, loaded, error, retry } = useActorNeeds();
  const warnings = useWarningNeeds(more);
  const all = inOrder([...more, ...needs, ...warnings]);
  return (
    <Panel
      label="Needs you"
      head={
        <>
          <h2>Needs you</h2>
          {all.length > 0 && <span className="dim">{plural(all.length, "thing")}</span>}
        </>
      }
    >
      {error && <ErrorNote title="What is wrong could not be read." error={error} onRetry={retry} />}
      {!loaded && all.length === 0 && !error && <LoadingNote what="what needs you" />}
      {all.length > MOST_NEEDS && <TooMuchNote>The first {MOST_NEEDS}, the gravest first.</TooMuchNote>}
      {all.length > 0 && <NeedList needs={all.slice(0, MOST_NEEDS)} />}
      {loaded && !error && all.length === 0 && (
        <p className={styles.calm}>
          <Icon name="check" />
          <strong>Nothing needs you.</strong>
          <span className="dim">{quiet}</span>
        </p>
      )}
    </Panel>
  );
}

function Actors() {
  const { window } = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  const seconds = readWindow(window);
  const history = useTrends(ALL);
  const lately = useMemo(() => history.data && latelyOf(history.data.history), [history.data]);
  const map = useQuery(mapQuery("actor", seconds, "-is:system"));
  const unknown = isUnknownHere(history.error) && isUnknownHere(map.error);
  return (
    <Panel
      label="Actors"
      head={
        <>
          <h2>
            <Link to="/actors">Actors</Link>
          </h2>
          <Link to="/map" search={seconds === 60 ? {} : { window: seconds }}>
            Map
          </Link>
          <Link to="/trends">Metrics</Link>
          <span className={styles.right}>
            <WindowSelect
              value={seconds}
              onChange={(next) => void navigate({ search: next === 60 ? {} : { window: next }, replace: true })}
            />
          </span>
        </>
      }
    >
      {unknown ? (
        <EmptyNote title="This studio measures no traffic." />
      ) : (
        <>
          {history.error && (
            <ErrorNote
              title="The rates could not be read."
              error={history.error}
              onRetry={() => void history.refetch()}
            />
          )}
          {history.isPending && <LoadingNote what="rates" />}
          {lately && <HistoryCharts history={lately} seconds={seconds} waiting="Waiting p95" />}
          {map.error && (
            <ErrorNote title="The busiest could not be read." error={map.error} onRetry={() => void map.refetch()} />
          )}
          {map.data && <Busiest map={map.data} />}
        </>
      )}
    </Panel>
  );
}
