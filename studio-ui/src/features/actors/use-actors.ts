import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { actorQuery, pagesQuery } from "../../api/inside-queries";
import type { ActorRecord } from "../../api/types";
import type { Facets } from "../../lib/facets";
import type { InvalidFilter } from "../../lib/filter/read";
import type { Shown } from "../../lib/live/actor-windows";
import { useFacets, useLastFilter } from "../../lib/use-filter";
import { useClosedAt, useLive } from "../../lib/use-live";
import { useMoment } from "../../lib/use-moment";
import { readPages } from "./model/pages";
import type { ActorsSearch } from "./model/search";
import { type List, listWanted, type Part, stretchAround } from "./model/wanted";

export type Range = { first: number; last: number };

export type Actors = {
  shown: Shown;
  /** Whether it was read once, as there is no line to the studio, or as it is past. */
  still: boolean;
  /** Whether more of what was read once comes as one goes on in the list. */
  more: boolean;
  /** What is wrong with the filter. */
  mistake: InvalidFilter | undefined;
  facets: Facets;
  /** What is asked for. */
  wanted: List;
  /** Names the list: another filter or order is another list. */
  list: string;
  error: Error | undefined;
  retry: () => void;
  /** Says which rows are in sight. */
  onRange: (range: Range) => void;
};

/** Heartbeats and uptimes are computed by the studio when it is asked, and no frame tells of them. */
const REFRESH_MS = 3000;

/** The actors in sight of the list that an address asks for, live. */
export function useActors(search: ActorsSearch): Actors {
  const live = useLive();
  const { wanted, mistake } = useWanted(search);
  const list = `${wanted.sort} ${wanted.filter}`;
  const { from, count, onRange } = useStretch(list);

  const [window] = useState(() => live.windows.open());
  const [answered, setAnswered] = useState<string | undefined>(undefined);
  const told = useSyncExternalStore(window.state.subscribe, window.state.get);
  const isPast = useMoment().at !== undefined;
  useEffect(() => {
    if (isPast) window.close();
    else window.look({ ...wanted, from, count });
  }, [window, wanted, from, count, isPast]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) window.refresh();
    }, REFRESH_MS);
    return () => {
      clearInterval(timer);
      window.close();
    };
  }, [window]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer is to what is looked at then.
  useEffect(() => {
    if (told.loaded) setAnswered(list);
  }, [told]);

  const closedAt = useClosedAt();
  const pages = useInfiniteQuery({
    ...pagesQuery(wanted.filter, wanted.sort),
    enabled: isPast || (!told.loaded && closedAt !== undefined),
  });
  const { data, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = pages;
  const facets = useFacets();
  const still = isPast || (!told.loaded && data !== undefined);
  const shown = useMemo<Shown>(() => (still ? readPages(data?.pages) : told), [still, data, told]);
  const isShort = still && from + count > shown.rows.length;
  useEffect(() => {
    if (isShort && hasNextPage && !isFetching && !isFetchNextPageError) void fetchNextPage();
  }, [isShort, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage]);
  const problem = shown.problem === undefined ? undefined : new Error(shown.problem);
  return {
    shown,
    still,
    more: still && hasNextPage,
    mistake,
    facets,
    wanted,
    list: isPast ? list : (answered ?? list),
    error: problem ?? (shown.loaded && !(still && isFetchNextPageError) ? undefined : (pages.error ?? undefined)),
    retry: () => {
      window.refresh();
      if (still && isFetchNextPageError) void fetchNextPage();
      else if (still || !told.loaded) void pages.refetch();
    },
    onRange,
  };
}

/** Which stretch of a list to ask for, by what of it is in sight. Another list is asked for from its start. */
export function useStretch(list: string): Part & { onRange: (range: Range) => void } {
  const [asked, setAsked] = useState({ ...stretchAround(0, 0), list });
  const onRange = useCallback(
    ({ first, last }: Range) => {
      const { from, count } = stretchAround(first, last);
      // Most steps of a list lead to nothing that is not held already.
      setAsked((before) =>
        before.list === list && before.from === from && before.count === count ? before : { from, count, list },
      );
    },
    [list],
  );
  const { from, count } = asked.list === list ? asked : stretchAround(0, 0);
  return { from, count, onRange };
}

/** What an address asks for, in the studio's words. */
export function useWanted(search: ActorsSearch): { wanted: List; mistake: InvalidFilter | undefined } {
  const { plumbing = false, sort = "id" } = search;
  const { valid, mistake } = useLastFilter(search.filter ?? "");
  const wanted = useMemo(() => listWanted(valid, plumbing, sort), [valid, plumbing, sort]);
  return { wanted, mistake };
}

/** One actor: as the list has it while it is in sight there, else read again every two seconds. */
export function useActor(id: string, listed: readonly ActorRecord[]): ActorRecord | null | undefined {
  const { data } = useQuery(actorQuery(id));
  return listed.find((row) => row.id === id) ?? data;
}
