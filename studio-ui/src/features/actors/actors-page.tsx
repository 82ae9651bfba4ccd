import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { childrenQuery } from "../../api/inside-queries";
import { condition } from "../../lib/filter/condition";
import { formatCount, plural } from "../../lib/format";
import { ActorViews } from "../../ui/actor-views";
import { Name } from "../../ui/name";
import { NoActors } from "../../ui/no-actors";
import { EmptyNote, ErrorNote, LoadingNote, TooMuchNote } from "../../ui/notes";
import { Page, Panel } from "../../ui/page";
import styles from "./actors-page.module.css";
import { ActorFilter } from "./components/actor-filter";
import { ActorGrid } from "./components/actor-grid";
import { ActorPanel } from "./components/actor-panel";
import type { ActorsSearch } from "./model/search";
import { MOST_ROWS } from "./model/wanted";
import { type Actors, useActor, useActors } from "./use-actors";

type Change = { [K in keyof ActorsSearch]?: ActorsSearch[K] | undefined };

const MOST_CHILDREN = 20;

export function ActorsPage() {
  const search = useSearch({ from: "/actors" });
  const navigate = useNavigate({ from: "/actors" });
  const actors = useActors(search);
  const change = useCallback(
    (next: Change) =>
      void navigate({ search: (before) => defined({ ...before, ...next }), replace: !("actor" in next) }),
    [navigate],
  );
  const open = useCallback((actor: string | undefined) => change({ actor }), [change]);
  return (
    <Page
      title="Actors"
      aside={actors.shown.loaded && <Count actors={actors} filtered={search.filter !== undefined} />}
      actions={<ActorViews />}
      fill
    >
      <div className={styles.split}>
        <Panel
          label="List of actors"
          className={styles.list}
          covered={search.actor !== undefined}
          head={<ActorFilter search={search} facets={actors.facets} mistake={actors.mistake} onChange={change} />}
        >
          <List actors={actors} search={search} onChange={change} onSelect={open} />
        </Panel>
        {search.actor !== undefined && <OpenPanel id={search.actor} actors={actors} onClose={() => open(undefined)} />}
      </div>
    </Page>
  );
}

function Count({ actors, filtered }: { actors: Actors; filtered: boolean }) {
  const { total } = actors.shown;
  return <span className="dim">{filtered ? `${formatCount(total)} that match` : plural(total, "actor")}</span>;
}

type ListProps = {
  actors: Actors;
  search: ActorsSearch;
  onChange: (change: Change) => void;
  onSelect: (id: string | undefined) => void;
};

function List({ actors, search, onChange, onSelect }: ListProps) {
  const { shown, still, facets, list, error, retry, onRange } = actors;
  const { loaded, total, from } = shown;
  const rows = useMemo(() => new Map(shown.rows.map((row, index) => [from + index, row])), [shown.rows, from]);
  if (error && rows.size === 0)
    return <ErrorNote title="The actors could not be read." error={error} onRetry={retry} />;
  if (!loaded) return <LoadingNote what="actors" />;
  if (total === 0 && search.filter === undefined && facets.all !== undefined && facets.all <= facets.plumbing) {
    return <NoActors />;
  }
  return (
    <>
      {error && <ErrorNote title="The list may be out of date." error={error} onRetry={retry} />}
      {still && rows.size < total && (
        <TooMuchNote>
          The first {formatCount(rows.size)} of {formatCount(total)} actors: the others come by the live line, which is
          not there.
        </TooMuchNote>
      )}
      {total > MOST_ROWS && (
        <TooMuchNote>
          The first {formatCount(MOST_ROWS)} of {formatCount(total)} actors. Filter or sort to see the others.
        </TooMuchNote>
      )}
      {total === 0 ? (
        <EmptyNote title="No actor matches.">
          <button type="button" className={styles.clear} onClick={() => onChange({ filter: undefined })}>
            Clear the filters
          </button>
        </EmptyNote>
      ) : (
        <ActorGrid
          count={Math.min(still ? rows.size : total, MOST_ROWS)}
          rows={rows}
          list={list}
          sort={search.sort ?? "id"}
          selected={search.actor}
          onSort={(sort) => onChange({ sort: sort === "id" ? undefined : sort })}
          onSelect={onSelect}
          onRange={onRange}
        />
      )}
    </>
  );
}

function OpenPanel({ id, actors, onClose }: { id: string; actors: Actors; onClose: () => void }) {
  const actor = useActor(id, actors.shown.rows);
  const children = useQuery(childrenQuery(id, condition("parent", id))).data;
  const ids = (children?.items ?? []).slice(0, MOST_CHILDREN).map((child) => child.id);
  return (
    <ActorPanel
      id={id}
      actor={actor ?? undefined}
      loaded={actor !== undefined}
      family={{ count: children?.total ?? 0, ids }}
      link={(to) => (
        <Link from="/actors" search={(before) => ({ ...before, actor: to })}>
          <Name of={to} mono />
        </Link>
      )}
      onClose={onClose}
    />
  );
}

/** Without the keys that a change took away, so that the address stays short. */
function defined(search: Change): ActorsSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as ActorsSearch;
}
