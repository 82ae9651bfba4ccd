import { useEffect, useMemo, useSyncExternalStore } from "react";
import type { ActorRecord } from "../../api/types";
import { useFreshActors, useLive, useThrottledStore } from "../../lib/use-live";
import type { ActorsSearch } from "./model/search";
import { type Selection, select } from "./model/selection";

export type Actors = {
  all: readonly ActorRecord[];
  selection: Selection;
  loaded: boolean;
  error: Error | undefined;
  retry: () => void;
};

/** The actors that an address asks for, live. Large lists are worked out less often, so that the page stays quick. */
export function useActors(search: ActorsSearch): Actors {
  const live = useLive();
  const { version, loaded, error } = useThrottledStore(live.actors.state, live.actors.size > 5000 ? 1000 : 100);
  const { q, status, type, sort } = search;
  useFreshActors();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the list, which the store keeps.
  const all = useMemo(() => live.actors.list(), [live, version]);
  const selection = useMemo(
    () =>
      select(all, {
        ...(q !== undefined && { q }),
        ...(status !== undefined && { status }),
        ...(type !== undefined && { type }),
        ...(sort !== undefined && { sort }),
      }),
    [all, q, status, type, sort],
  );
  return { all, selection, loaded, error, retry: () => void live.refreshActors() };
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
