/** What can be asked about the inside of actors, and ordered of them; as `queries` for the rest. */

import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { ApiError, getJson, pollEvery, postJson, segment } from "./client";
import type {
  ActorMap,
  ActorTraffic,
  ActorTree,
  History,
  JournalLine,
  Lint,
  MapGroup,
  OrderLine,
  OrderResult,
  RateLine,
  RatesOfMany,
  TreeAsked,
  TypeRow,
} from "./inside";
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
  actorHistory: (id: string) => ["history", "actor", id],
  rates: (of: RatesOf, window: number) => ["rates", of, window],
  tree: (asked: TreeAsked) => ["tree", asked],
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

export function actorHistoryQuery(id: string) {
  return queryOptions({
    queryKey: insideKeys.actorHistory(id),
    queryFn: ({ signal }) => getJson<History>(`/api/actors/${segment(id)}/history?window=${HISTORY_SECONDS}`, signal),
    refetchInterval: pollEvery(HISTORY_REFRESH_MS),
  });
}

/** Whose rates are asked for in one question. */
export type RatesOf = "actors" | "types";
/** Names that the studio takes at once. */
const MOST_RATES = 200;
/** How often lines are read again: about once a step, as they have nothing new before. */
const LINES_REFRESH_MS: Readonly<Record<number, number>> = { 60: REFRESH_MS, 300: 5000, 600: 10_000 };

/** Lines by name, and whom they were asked for: who is missing never did anything. */
export type KnownRates = { asked: readonly string[]; lines: Readonly<Record<string, RateLine>> };

/** What those that `inSight` names did in the last `window` seconds; it is asked each time the question is put. */
export function ratesQuery(of: RatesOf, window: number, inSight: () => readonly string[]) {
  return queryOptions({
    queryKey: insideKeys.rates(of, window),
    queryFn: async ({ signal }): Promise<KnownRates> => {
      const asked = inSight().slice(0, MOST_RATES);
      if (asked.length === 0) return { asked, lines: {} };
      const rates = await postJson<RatesOfMany>("/api/rates", { window, [of]: asked }, signal);
      return { asked, lines: rates[of] };
    },
    refetchInterval: pollEvery(LINES_REFRESH_MS[window] ?? REFRESH_MS),
    retry: false,
  });
}

/** A part of the tree of who started whom, with what was asked for. */
export function treeQuery(asked: TreeAsked) {
  return queryOptions({
    queryKey: insideKeys.tree(asked),
    queryFn: async ({ signal }) => ({ asked, ...(await postJson<ActorTree>("/api/tree", asked, signal)) }),
    refetchInterval: pollEvery(REFRESH_MS),
    placeholderData: keepPreviousData,
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

/** A list of actors as it was when it was read, page by page. */
export function pagesQuery(filter: string, sort: string) {
  return infiniteQueryOptions({
    queryKey: insideKeys.page(filter, sort),
    queryFn: ({ signal, pageParam }) => {
      const wanted = new URLSearchParams({ filter, sort, limit: String(PAGE_LIMIT) });
      if (pageParam !== "") wanted.set("cursor", pageParam);
      return getJson<ActorsPage>(`/api/v1/actors?${wanted}`, signal);
    },
    initialPageParam: "",
    getNextPageParam: ({ next }) => next ?? undefined,
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

/** The newest orders of everybody, with what came of them. */
export function readOrders(limit: number): Promise<OrderLine[]> {
  return getJson(`/api/orders?limit=${limit}`);
}

/** Whether a studio has no such answer at all: an older one, or one that does not measure. */
export function isUnknownHere(error: Error | null): boolean {
  return error instanceof ApiError && error.status === 404;
}
