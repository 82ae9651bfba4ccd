import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import type { ActorRecord } from "../../api/types";
import type { Filter } from "../../lib/filter/filter";
import { type InvalidFilter, readFilter } from "../../lib/filter/read";
import { useFreshActors, useLive, useThrottledStore } from "../../lib/use-live";
import type { ActorsSearch } from "./model/search";
import { type Selection, select } from "./model/selection";

export type Actors = {
  all: readonly ActorRecord[];
  selection: Selection;
  /** What is wrong with the filter. */
  mistake: InvalidFilter | undefined;
  loaded: boolean;
  error: Error | undefined;
  retry: () => void;
};

/** The actors that an address asks for, live. Large lists are worked out less often, so that the page stays quick. */
export function useActors(search: ActorsSearch): Actors {
  const live = useLive();
  const { version, loaded, error } = useThrottledStore(live.actors.state, live.actors.size > 5000 ? 1000 : 100);
  const { plumbing, sort } = search;
  const filter = useLastFilter(search.filter ?? "");
  useFreshActors();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the list, which the store keeps.
  const all = useMemo(() => live.actors.list(), [live, version]);
  const selection = useMemo(
    () => select(all, { filter: filter.valid, plumbing: plumbing === true, ...(sort !== undefined && { sort }) }),
    [all, filter.valid, plumbing, sort],
  );
  return { all, selection, mistake: filter.mistake, loaded, error, retry: () => void live.refreshActors() };
}

/** The filter as it is typed, or while that is none, the last one that was. */
function useLastFilter(typed: string): { valid: Filter; mistake: InvalidFilter | undefined } {
  const [last, setLast] = useState<Filter>([]);
  const { filter, error } = useMemo(() => readFilter(typed), [typed]);
  if (filter !== undefined && filter !== last) setLast(filter);
  return { valid: filter ?? last, mistake: error };
}

const PANEL_REFRESH_MS = 2000;

/** One actor, live, and read again every two seconds for its heartbeat and uptime. */
export function useActor(id: string): ActorRecord | undefined {
  const live = useLive();
  const record = useSyncExternalStore(live.actors.state.subscribe, () => live.actors.get(id));
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) void live.refreshActor(id);
    }, PANEL_REFRESH_MS);
    return () => clearInterval(timer);
  }, [live, id]);
  return record;
}
