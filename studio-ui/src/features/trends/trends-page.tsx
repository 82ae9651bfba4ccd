import { useDebouncedValue } from "@mantine/hooks";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState } from "react";
import { isUnknownHere } from "../../api/inside-queries";
import { print } from "../../lib/filter/filter";
import { fixedBetween, isFixed, printRange, type Range, USUAL } from "../../lib/trends/range";
import { useTrends } from "../../lib/trends/use-trends";
import { useFacets, useLastFilter } from "../../lib/use-filter";
import { CopyButton } from "../../ui/copy-button";
import { EmptyNote } from "../../ui/notes";
import { Page, Panel } from "../../ui/page";
import { newCursor } from "../../ui/trend/cursor";
import { ACTOR_PANELS, metricsOf, PANEL_KEYS, PROCESS_PANELS, SLOTS } from "../../ui/trend/panels";
import { Groups } from "./components/groups";
import { SavedViews } from "./components/saved-views";
import { StatusLine } from "./components/status-line";
import { type Go, TrendTools } from "./components/trend-tools";
import { quantileShown, rangeOf, type TrendsSearch, withChange, withHidden, withRange } from "./model/search";
import styles from "./trends-page.module.css";

/** Somebody who types is asked for once they pause. */
const PAUSE_MS = 200;

/** How it was and how it goes on: rates, queues and times of actors, and what their processes use. */
export function TrendsPage() {
  const search = useSearch({ from: "/trends" });
  const navigate = useNavigate({ from: "/trends" });
  const go = useCallback<Go>((change, replace = true) => void navigate({ search: change, replace }), [navigate]);
  const facets = useFacets();
  const { valid, mistake } = useLastFilter(search.filter ?? "");
  const [filter] = useDebouncedValue(print(valid), PAUSE_MS);
  const range = useRange(search);
  const { by = "all", panels = PANEL_KEYS } = search;
  const quantile = by === "all" ? undefined : quantileShown(search);
  const actorPanels = useMemo(() => ACTOR_PANELS.filter(({ key }) => panels.includes(key)), [panels]);
  const processPanels = useMemo(() => PROCESS_PANELS.filter(({ key }) => panels.includes(key)), [panels]);
  const actors = useTrends(
    {
      ...{ by, range, filter, limit: SLOTS },
      metrics: actorPanels.flatMap((panel) => metricsOf(panel, quantile)),
    },
    actorPanels.length > 0,
  );
  const processes = useTrends(
    {
      ...{ by: "process", range, filter: "", limit: SLOTS },
      metrics: processPanels.flatMap(({ metrics }) => metrics),
    },
    processPanels.length > 0,
  );
  const [cursor] = useState(newCursor);
  const { onZoom, onBack } = useZoom(range, go);
  const onHide = useCallback((name: string, hidden: boolean) => go((before) => withHidden(before, name, hidden)), [go]);
  return (
    <Page
      title="Metrics"
      actions={
        <>
          <SavedViews search={search} onOpen={(view) => go(() => view, false)} />
          <CopyButton words="Copy link" label="Copy link to this view" text={() => window.location.href} />
        </>
      }
    >
      <Panel label="What is shown">
        <TrendTools search={search} range={range} facets={facets} mistake={mistake} onChange={go} />
        <StatusLine range={range} queries={[actors, processes]} />
      </Panel>
      {isUnknownHere(actors.error ?? processes.error) ? (
        <Panel label="Metrics">
          <EmptyNote title="This studio keeps no history." />
        </Panel>
      ) : (
        <div className={styles.groups}>
          <Groups
            {...{ search, cursor, onZoom, onBack, onHide, actorPanels, processPanels, quantile }}
            actors={actors}
            processes={processes}
            onClear={() => go((before) => withChange(before, { filter: undefined }))}
          />
        </div>
      )}
    </Page>
  );
}

/** The range of an address; the same object as long as the address says the same. */
function useRange({ range, from, to }: TrendsSearch): Range {
  return useMemo(
    () => rangeOf({ ...(range && { range }), ...(from && { from }), ...(to && { to }) }),
    [range, from, to],
  );
}

/** Into a stretch that was chosen in a picture, and back to what was shown before. */
function useZoom(range: Range, go: Go) {
  const before = useRef<Range[]>([]);
  const onZoom = useCallback(
    (from: number, to: number) => {
      const fixed = fixedBetween(from, to);
      if (fixed === undefined) return;
      before.current.push(range);
      go((before) => withRange(before, fixed), false);
    },
    [go, range],
  );
  const onBack = useCallback(() => {
    const last = before.current.pop() ?? USUAL;
    // What is shown already leads nowhere.
    if (JSON.stringify(printRange(last)) !== JSON.stringify(printRange(range)) || isFixed(range)) {
      go((before) => withRange(before, last), false);
    }
  }, [go, range]);
  return { onZoom, onBack };
}
