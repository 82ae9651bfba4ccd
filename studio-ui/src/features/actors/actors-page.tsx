import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
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
import { childrenOf, MOST_ROWS, type Selection } from "./model/selection";
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
    <Page title="Actors" aside={actors.loaded && <Count selection={actors.selection} />} actions={<ActorViews />} fill>
      <div className={styles.split}>
        <Panel
          label="List of actors"
          className={styles.list}
          covered={search.actor !== undefined}
          head={<ActorFilter search={search} selection={actors.selection} mistake={actors.mistake} onChange={change} />}
        >
          <List actors={actors} search={search} onChange={change} onSelect={open} />
        </Panel>
        {search.actor !== undefined && <OpenPanel id={search.actor} actors={actors} onClose={() => open(undefined)} />}
      </div>
    </Page>
  );
}

function Count({ selection }: { selection: Selection }) {
  const { matched, total } = selection;
  return (
    <span className="dim">
      {matched === total ? plural(total, "actor") : `${formatCount(matched)} of ${formatCount(total)}`}
    </span>
  );
}

type ListProps = {
  actors: Actors;
  search: ActorsSearch;
  onChange: (change: Change) => void;
  onSelect: (id: string | undefined) => void;
};

function List({ actors, search, onChange, onSelect }: ListProps) {
  const { selection, loaded, error, retry } = actors;
  if (!loaded && error) return <ErrorNote title="The actors could not be read." error={error} onRetry={retry} />;
  if (!loaded) return <LoadingNote what="actors" />;
  if (actors.all.length === 0) {
    return <NoActors />;
  }
  return (
    <>
      {error && <ErrorNote title="The list may be out of date." error={error} onRetry={retry} />}
      {selection.matched > MOST_ROWS && (
        <TooMuchNote>
          The first {formatCount(MOST_ROWS)} of {formatCount(selection.matched)} actors. Filter to see the others.
        </TooMuchNote>
      )}
      {selection.matched === 0 ? (
        <EmptyNote title="No actor matches.">
          <button type="button" className={styles.clear} onClick={() => onChange({ filter: undefined })}>
            Clear the filters
          </button>
        </EmptyNote>
      ) : (
        <ActorGrid
          rows={selection.rows}
          sort={search.sort ?? "id"}
          selected={search.actor}
          onSort={(sort) => onChange({ sort: sort === "id" ? undefined : sort })}
          onSelect={onSelect}
        />
      )}
    </>
  );
}

function OpenPanel({ id, actors, onClose }: { id: string; actors: Actors; onClose: () => void }) {
  const actor = useActor(id);
  return (
    <ActorPanel
      id={id}
      actor={actor}
      loaded={actors.loaded}
      family={childrenOf(actors.all, id, MOST_CHILDREN)}
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
