import { useMemo } from "react";
import { formatCount } from "../../lib/format";
import { SHORTEST } from "../../lib/window";
import { NoActors } from "../../ui/no-actors";
import { ErrorNote, LoadingNote, TooMuchNote } from "../../ui/notes";
import { ActorGrid } from "./components/actor-grid";
import { ActorsFrame, type Change } from "./components/actors-frame";
import { ChoiceBar } from "./components/choice-bar";
import { NoMatch } from "./components/no-match";
import type { Rows } from "./model/held-order";
import { reachOf } from "./model/pages";
import type { ActorsSearch } from "./model/search";
import { MOST_ROWS } from "./model/wanted";
import { type Actors, useActors } from "./use-actors";
import { type Choice, useChoice } from "./use-choice";

type ViewProps = { search: ActorsSearch; onChange: (change: Change) => void };

/** All actors as one list, and what can be ordered of those chosen in it: an order goes on when they are in no list any more. */
export function ListView({ search, onChange }: ViewProps) {
  const actors = useActors(search);
  const { shown, wanted, facets, mistake } = actors;
  const rows = useMemo(
    () => new Map(shown.rows.map((row, index) => [shown.from + index, row])),
    [shown.rows, shown.from],
  );
  const choice = useChoice(wanted, rows, shown.total);
  return (
    <ActorsFrame
      title="Actors"
      search={search}
      facets={facets}
      mistake={mistake}
      total={shown.loaded ? shown.total : undefined}
      listed={shown.rows}
      onChange={onChange}
    >
      <List actors={actors} search={search} rows={rows} choice={choice} onChange={onChange} />
      {choice && <ChoiceBar choice={choice} total={shown.total} />}
    </ActorsFrame>
  );
}

type ListProps = ViewProps & { actors: Actors; rows: Rows; choice: Choice | undefined };

function List({ actors, search, rows, choice, onChange }: ListProps) {
  const { shown, still, more, facets, list, error, retry, onRange } = actors;
  const { loaded, total } = shown;
  if (error && rows.size === 0)
    return <ErrorNote title="The actors could not be read." error={error} onRetry={retry} />;
  if (!loaded) return <LoadingNote what="actors" />;
  if (total === 0 && search.filter === undefined && facets.all !== undefined && facets.all <= facets.plumbing) {
    return <NoActors />;
  }
  return (
    <>
      {error && <ErrorNote title="The list may be out of date." error={error} onRetry={retry} />}
      {total > MOST_ROWS && (
        <TooMuchNote>
          The first {formatCount(MOST_ROWS)} of {formatCount(total)} actors. Filter or sort to see the others.
        </TooMuchNote>
      )}
      {total === 0 ? (
        <NoMatch onClear={() => onChange({ filter: undefined })} />
      ) : (
        <ActorGrid
          count={Math.min(still ? reachOf(rows.size, total, more) : total, MOST_ROWS)}
          rows={rows}
          list={list}
          sort={search.sort ?? "id"}
          seconds={search.window ?? SHORTEST}
          selected={search.actor}
          onSort={(sort) => onChange({ sort: sort === "id" ? undefined : sort })}
          onSelect={(actor) => onChange({ actor })}
          onRange={onRange}
          choice={choice}
        />
      )}
    </>
  );
}
