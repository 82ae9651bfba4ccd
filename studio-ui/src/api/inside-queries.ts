/** What can be asked about the inside of actors, and ordered of them; as `queries` for the rest. */

import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { ApiError, getJson, pollEvery, postJson, segment } from "./client";
import type { ActorMap, ActorTraffic, History, JournalLine, Lint, MapGroup, OrderResult, TypeRow } from "./inside";
import { fetchActor } from "./queries";
import type { ActorsPage } from "./types";

/** How often what is measured is read again while it is looked at. */
const REFRESH_MS = 2000;
const HISTORY_REFRESH_MS = 5000;
/** Lints come by frames; this is for a page without a line. */
const LINTS_REFRESH_MS = 10_000;
/** How far back the studio's memory of rates reaches, in seconds. */
export const HISTORY_SECONDS = 600;
/** Lines of a journal that are asked for at once. */
export const JOURNAL_LIMIT = 100;

export const insideKeys = {
  types: (window: number) => ["types", window],
  traffic: (id: string, window: number) => ["traffic", id, window],
  history: (type: string) => ["history", "type", type],
  actorHistory: (id: string) => ["history", "actor", id],
  map: (group: MapGroup, window: number, filter: string) => ["map", group, window, filter],
  lints: ["lints"],
  journal: (id: string) => ["journal", id],
  actor: (id: string) => ["actor", id],
  chain: (correlation: string) => ["chain", correlation],
  children: (id: string) => ["children", id],
  page: (filter: string, sort: string) => ["page", filter, sort],
  found: (text: string) => ["found", text],
} as const;

/** All types of actors, with what they did in the last `window` seconds. */
export function typesQuery(window: number) {
  return queryOptions({
    queryKey: insideKeys.types(window),
    queryFn: ({ signal }) => getJson<TypeRow[]>(`/api/types?window=${window}`, signal),
    refetchInterval: pollEvery(REFRESH_MS),
    placeholderData: keepPreviousData,
  });
}

export function trafficQuery(id: string, window: number) {
  return queryOptions({
    queryKey: insideKeys.traffic(id, window),
    queryFn: ({ signal }) => getJson<ActorTraffic>(`/api/actors/${segment(id)}/messages?window=${window}`, signal),
    refetchInterval: pollEvery(REFRESH_MS),
  });
}

/** The last ten minutes of all actors, or of those of a type. */
export function historyQuery(type = "") {
  return queryOptions({
    queryKey: insideKeys.history(type),
    queryFn: ({ signal }) => {
      const wanted = new URLSearchParams({ window: String(HISTORY_SECONDS) });
      if (type !== "") wanted.set("type", type);
      return getJson<History>(`/api/history?${wanted}`, signal);
    },
    refetchInterval: pollEvery(HISTORY_REFRESH_MS),
  });
}

export function actorHistoryQuery(id: string) {
  return queryOptions({
    queryKey: insideKeys.actorHistory(id),
    queryFn: ({ signal }) => getJson<History>(`/api/actors/${segment(id)}/history?window=${HISTORY_SECONDS}`, signal),
    refetchInterval: pollEvery(HISTORY_REFRESH_MS),
  });
}

export function mapQuery(group: MapGroup, window: number, filter: string) {
  return queryOptions({
    queryKey: insideKeys.map(group, window, filter),
    queryFn: ({ signal }) => {
      const wanted = new URLSearchParams({ window: String(window), group });
      if (filter !== "") wanted.set("filter", filter);
      return getJson<ActorMap>(`/api/map?${wanted}`, signal);
    },
    refetchInterval: pollEvery(REFRESH_MS),
    placeholderData: keepPreviousData,
  });
}

export const lintsQuery = queryOptions({
  queryKey: insideKeys.lints,
  queryFn: ({ signal }) => getJson<Lint[]>("/api/lints", signal),
  refetchInterval: pollEvery(LINTS_REFRESH_MS),
});

/** What happened to an actor, page by page into the past; each page has its newest line last. */
export function journalQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: insideKeys.journal(id),
    queryFn: ({ signal, pageParam }) => {
      const before = pageParam === 0 ? "" : `&before=${pageParam}`;
      return getJson<JournalLine[]>(`/api/journal/${segment(id)}?limit=${JOURNAL_LIMIT}${before}`, signal);
    },
    initialPageParam: 0,
    getNextPageParam: (last) => {
      const oldest = last[0]?.seq;
      return last.length < JOURNAL_LIMIT || oldest === undefined || oldest <= 1 ? undefined : oldest;
    },
  });
}

/** All that happened in one chain of messages, whichever actors it went through. */
export function chainQuery(correlation: string) {
  return queryOptions({
    queryKey: insideKeys.chain(correlation),
    queryFn: ({ signal }) => {
      const wanted = new URLSearchParams({ correlation, limit: String(JOURNAL_LIMIT) });
      return getJson<(JournalLine & { actor: string })[]>(`/api/journal?${wanted}`, signal);
    },
  });
}

/** Children that are shown of one actor. */
const MOST_CHILDREN = 100;

/** The actors that one started; `filter` says so in the language of filters. */
export function childrenQuery(id: string, filter: string) {
  return queryOptions({
    queryKey: insideKeys.children(id),
    queryFn: ({ signal }) => {
      const wanted = new URLSearchParams({ filter, limit: String(MOST_CHILDREN) });
      return getJson<ActorsPage>(`/api/v1/actors?${wanted}`, signal);
    },
    refetchInterval: pollEvery(REFRESH_MS),
  });
}

/** Actors that are shown of a list where there is no live line. */
const PAGE_LIMIT = 200;

/** The begin of a list of actors, as it was when it was read. */
export function pageQuery(filter: string, sort: string) {
  return queryOptions({
    queryKey: insideKeys.page(filter, sort),
    queryFn: ({ signal }) => {
      const wanted = new URLSearchParams({ filter, sort, limit: String(PAGE_LIMIT) });
      return getJson<ActorsPage>(`/api/v1/actors?${wanted}`, signal);
    },
  });
}

/** Actors that are offered while somebody types. */
const MOST_FOUND = 6;

/** The first actors of the application in whose id, type or metadata a text occurs. */
export function foundActorsQuery(text: string) {
  return queryOptions({
    queryKey: insideKeys.found(text),
    queryFn: ({ signal }) => {
      const wanted = new URLSearchParams({ filter: "-is:system", limit: String(MOST_FOUND) });
      if (text !== "") wanted.set("q", text);
      return getJson<ActorsPage>(`/api/v1/actors?${wanted}`, signal);
    },
  });
}

/** One actor; `null` when the studio does not know it. */
export function actorQuery(id: string) {
  return queryOptions({
    queryKey: insideKeys.actor(id),
    queryFn: async () => (await fetchActor(id)) ?? null,
    refetchInterval: pollEvery(REFRESH_MS),
  });
}

/** Something ordered of an actor; `wait` is how long its answer is waited for, in milliseconds. */
export type OrderBody = { message?: string; body?: unknown; wait?: number };

export function giveOrder(id: string, order: string, body: OrderBody = {}): Promise<OrderResult> {
  return postJson(`/api/actors/${segment(id)}/${segment(order)}`, body);
}

/** Whether a studio has no such answer at all: an older one, or one that does not measure. */
export function isUnknownHere(error: Error | null): boolean {
  return error instanceof ApiError && error.status === 404;
}
