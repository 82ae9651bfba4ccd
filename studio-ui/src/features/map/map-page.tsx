import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import type { ActorMap, MapNode } from "../../api/inside";
import { isUnknownHere, mapQuery } from "../../api/inside-queries";
import { condition } from "../../lib/filter/condition";
import { formatCount, formatRate, plural } from "../../lib/format";
import { useLook } from "../../lib/use-live";
import { readWindow } from "../../lib/window";
import { ActorLink } from "../../ui/actor-link";
import { DroppedNote } from "../../ui/dropped-note";
import { Name } from "../../ui/name";
import { NoActors } from "../../ui/no-actors";
import { EmptyNote, ErrorNote, LoadingNote, TooMuchNote } from "../../ui/notes";
import { Page, Panel } from "../../ui/page";
import { MapGraph } from "./components/map-graph";
import { MapTable } from "./components/map-table";
import { MapTools } from "./components/map-tools";
import styles from "./map-page.module.css";
import { filterOf, type MapSearch, type MapView } from "./model/search";
import { drawnOf, MOST_EDGES } from "./model/shape";

/** Narrower than this a picture is specks. */
const NARROW = "(max-width: 760px)";

type Change = { [K in keyof MapSearch]?: MapSearch[K] | undefined };

/** Who sends to whom, how much of it, and where it gets stuck. */
export function MapPage() {
  const search = useSearch({ from: "/map" });
  const navigate = useNavigate({ from: "/map" });
  const [paused, setPaused] = useState(false);
  const narrow = useMediaQuery(NARROW, false, { getInitialValueInEffect: false });
  const usual = narrow ? "table" : "picture";
  const view = search.view ?? usual;
  useLook(undefined, !paused);
  const asked = mapQuery(search.group ?? "type", readWindow(search.window), filterOf(search));
  const query = useQuery({ ...asked, enabled: !paused });
  const change = useCallback(
    (next: Change, replace = true) => void navigate({ search: (before) => defined({ ...before, ...next }), replace }),
    [navigate],
  );
  const map = query.data;
  return (
    <Page title="Map" aside={map && <Count map={map} />} fill>
      <Panel
        label="The map"
        className={styles.panel}
        head={
          <MapTools
            search={search}
            view={view}
            usual={usual}
            paused={paused}
            onChange={change}
            onPause={() => setPaused(!paused)}
          />
        }
      >
        {search.filter !== undefined && (
          <p className={styles.filter}>
            Only <code className="mono">{search.filter}</code>
            <button type="button" onClick={() => change({ filter: undefined })}>
              Show all
            </button>
          </p>
        )}
        {query.error && !isUnknownHere(query.error) && (
          <ErrorNote
            title={map ? "The map may be out of date." : "The map could not be read."}
            error={query.error}
            onRetry={() => void query.refetch()}
          />
        )}
        {isUnknownHere(query.error) && <EmptyNote title="This studio measures no traffic." />}
        {query.isPending && <LoadingNote what="the map" />}
        {map && <Shown map={map} search={search} view={view} paused={paused} onChange={change} />}
      </Panel>
    </Page>
  );
}

function Count({ map }: { map: ActorMap }) {
  const actors = map.nodes.reduce((sum, { count }) => sum + count, 0);
  const rate = map.edges.reduce((sum, edge) => sum + edge.rate, 0);
  return (
    <span className="dim">
      {plural(actors, "actor")}, {formatRate(rate)}
    </span>
  );
}

type ShownProps = {
  map: ActorMap;
  search: MapSearch;
  view: MapView;
  paused: boolean;
  onChange: (change: Change, replace?: boolean) => void;
};

function Shown({ map, search, view, paused, onChange }: ShownProps) {
  const navigate = useNavigate();
  const drawn = useMemo(() => drawnOf(map), [map]);
  const byType = map.group === "type" || map.grouped === true;
  const open = useCallback(
    (id: string) => {
      if (!byType) return void navigate({ to: "/actors/$id", params: { id } });
      // Opened within the picture; where the type alone is too many, the list has them.
      if (map.grouped) return void navigate({ to: "/actors", search: { filter: condition("type", id) } });
      onChange({ group: "actor", filter: condition("type", id) }, false);
    },
    [byType, map.grouped, navigate, onChange],
  );
  const link = useCallback(
    (node: MapNode) =>
      byType ? (
        <Link to="/actors" search={{ filter: condition("type", node.type) }}>
          <Name of={node.id} cut />
        </Link>
      ) : (
        <ActorLink id={node.id} cut />
      ),
    [byType],
  );
  if (map.nodes.length === 0) {
    if (search.filter === undefined) return <NoActors />;
    return (
      <EmptyNote title="No actor matches.">
        <p className="dim">Who sends to whom appears here as soon as observed actors do.</p>
      </EmptyNote>
    );
  }
  return (
    <>
      {map.edges.length === 0 && (
        <p className={styles.quiet}>
          None of them sent to another in the last {readWindow(search.window) / 60} min. A line appears for each sender
          and receiver as soon as observed actors send.
        </p>
      )}
      <DroppedNote of={["edges"]} />
      {map.grouped && (
        <TooMuchNote>Too many actors to tell apart: each node is a type of them. A filter leaves fewer.</TooMuchNote>
      )}
      {drawn.left > 0 && view !== "table" && (
        <TooMuchNote>
          The {formatCount(MOST_EDGES)} liveliest lines; the tables have {formatCount(drawn.left)} more.
        </TooMuchNote>
      )}
      {view === "table" ? (
        <MapTable map={map} link={link} />
      ) : (
        <MapGraph
          drawn={drawn}
          heat={search.heat ?? "wait"}
          paused={paused}
          verb={byType ? "Show the actors of" : "Open"}
          onOpen={open}
        />
      )}
    </>
  );
}

/** Without the keys that a change took away, so that the address stays short. */
function defined(search: Change): MapSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as MapSearch;
}
