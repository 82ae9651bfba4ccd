/** What can be asked, under which key it is remembered. Components use these; nobody else builds a key or a path. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { ApiError, deleteJson, getJson, pollEvery, postJson, segment } from "./client";
import { isUnseen } from "./moment";
import { asked, type RunWords, wordsKey } from "./run-words";
import type { components } from "./schema";
import type {
  ActorRecord,
  ActorsPage,
  Attempt,
  Checked,
  Health,
  LogWindow,
  Metrics,
  Run,
  RunsPage,
  RuntimeStatus,
  Session,
  Ui,
  WorkflowSource,
} from "./types";
import type { Workflow } from "./workflow-types";

/** How many runs of the history are asked for at once. */
export const RUN_LIMIT = 100;

/** How often counts of actors are read again while they are shown. */
const STATUS_REFRESH_MS = 5000;
/** How often it is asked how the servers do, where there are several. */
const SERVERS_REFRESH_MS = 5000;
/** How often it is asked how the studio itself does, where somebody looks. */
const HEALTH_REFRESH_MS = 15_000;
/** How often it is asked who carries out what is looked at. */
const CARRIERS_REFRESH_MS = 2000;

export const keys = {
  session: ["session"],
  sections: ["ui"],
  servers: ["servers"],
  metrics: ["metrics"],
  health: ["health"],
  status: ["status"],
  ofStatus: (status: string) => ["actors", status],
  workflows: ["workflows"],
  source: (file: string) => ["source", file],
  check: (file: string, text: string) => ["check", file, text],
  /** The histories of all workflows; `runs` names one of them, and what else it is filtered by. */
  histories: ["runs"],
  runs: (workflow = "", words = "") => ["runs", workflow, words],
  run: (id: string) => ["run", id],
  carriers: (run: string, job = "") => ["carriers", run, job],
  tail: (run: string, job: string, attempt: number) => ["tail", run, job, attempt],
  attempt: (run: string, job: string, attempt: number) => ["attempt", run, job, attempt],
} as const;

/** Who we are to the studio; asked first, since all else depends on it. */
export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: async ({ client, signal }): Promise<Session> => {
    try {
      const before = client.getQueryData<Session>(keys.session);
      const now = await getJson<Session>("/api/session", signal);
      // One who was signed in hears why the form is back.
      return { ...now, ended: now.required && !now.signedIn && (before?.signedIn || before?.ended) === true };
    } catch (cause) {
      // A studio that knows no sessions asks for nothing.
      if (cause instanceof ApiError && cause.status === 404) return { required: false, signedIn: false };
      if (cause instanceof ApiError && cause.status === 401) return { required: true, signedIn: false };
      throw cause;
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
});

/** How the servers of a studio do that is several. */
export const serversQuery = queryOptions({
  queryKey: keys.servers,
  queryFn: ({ signal }): Promise<components["schemas"]["Health"]> => getJson("/api/health", signal),
  refetchInterval: SERVERS_REFRESH_MS,
});

/** The answer is a cookie that no script can read. */
export function signIn(token: string): Promise<unknown> {
  return postJson("/api/session", { token });
}

export function signOut(): Promise<unknown> {
  return deleteJson("/api/session");
}

export const sectionsQuery = queryOptions({
  queryKey: keys.sections,
  queryFn: async ({ signal }) => (await getJson<Ui>("/api/ui", signal)).sections,
});

export const metricsQuery = queryOptions({
  queryKey: keys.metrics,
  queryFn: ({ signal }) => getJson<Metrics>("/api/metrics", signal),
});

export const healthQuery = queryOptions({
  queryKey: keys.health,
  queryFn: ({ signal }) => getJson<Health>("/api/health", signal),
  refetchInterval: pollEvery(HEALTH_REFRESH_MS),
});

export const statusQuery = queryOptions({
  queryKey: keys.status,
  queryFn: ({ signal }) => getJson<RuntimeStatus>("/api/status", signal),
});

export const workflowsQuery = queryOptions({
  queryKey: keys.workflows,
  queryFn: ({ signal }) => getJson<Workflow[]>("/api/workflows", signal),
});

/** The text of a workflow's file, read anew each time somebody begins to edit it and never below their hands. */
export function sourceQuery(file: string) {
  return queryOptions({
    queryKey: keys.source(file),
    queryFn: ({ signal }) => getJson<WorkflowSource>(`/api/workflows/${segment(file)}/source`, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
}

/** What is wrong in a text that is meant for a file. The answer is kept with its text: none is taken for another's. */
export function checkQuery(file: string, text: string) {
  return queryOptions({
    queryKey: keys.check(file, text),
    queryFn: async ({ signal }) => ({
      text,
      ...(await postJson<Checked>("/api/workflows/check", { name: file, text }, signal)),
    }),
    gcTime: 0,
  });
}

/** The history, newest first; of one workflow by its name or file, else of all, and of those that these words are for. */
export function runsQuery(workflow?: string, words: RunWords = {}) {
  return infiniteQueryOptions({
    queryKey: keys.runs(workflow, wordsKey(words)),
    queryFn: ({ signal, pageParam }) => {
      const wanted = new URLSearchParams(wordsKey(asked(words, new Date())));
      wanted.set("limit", String(RUN_LIMIT));
      if (workflow !== undefined) wanted.set("workflow", workflow);
      if (pageParam !== "") wanted.set("cursor", pageParam);
      return getJson<RunsPage>(`/api/v1/runs?${wanted}`, signal);
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.next,
  });
}

export function runQuery(id: string) {
  return queryOptions({
    queryKey: keys.run(id),
    queryFn: ({ signal }) => getJson<Run>(`/api/runs/${segment(id)}`, signal),
  });
}

/** An attempt at a job that another one followed: it changes no more. */
export function attemptQuery(run: string, job: string, attempt: number) {
  return queryOptions({
    queryKey: keys.attempt(run, job, attempt),
    queryFn: ({ signal }) =>
      getJson<Attempt>(`/api/runs/${segment(run)}/jobs/${segment(job)}/attempts/${attempt}`, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The first few actors with this status, and how many there are. */
export function actorsOfStatusQuery(status: string, limit: number) {
  return queryOptions({
    queryKey: keys.ofStatus(status),
    queryFn: ({ signal }) => getJson<ActorsPage>(`/api/v1/actors?status=${status}&limit=${limit}`, signal),
    refetchInterval: pollEvery(STATUS_REFRESH_MS),
  });
}

/** Actors of one run that are asked for: its own, or those of jobs whose name has the letters of the wanted one. */
const MOST_CARRIERS = 500;

/** The actors that may carry out a run, or one of its jobs: those in which its words occur. Which do, their metadata says. */
export function carriersQuery(run: string, job?: string) {
  return queryOptions({
    queryKey: keys.carriers(run, job),
    queryFn: ({ signal }) => {
      const filter = job === undefined ? "type:RunActor" : `type:JobActor ${JSON.stringify(job)}`;
      const wanted = new URLSearchParams({ filter, q: run, limit: String(MOST_CARRIERS) });
      return getJson<ActorsPage>(`/api/v1/actors?${wanted}`, signal);
    },
    refetchInterval: pollEvery(CARRIERS_REFRESH_MS),
    // What it tells of is soon gone.
    staleTime: 0,
  });
}

/** One actor, or `undefined` when the studio does not know it. */
export function fetchActor(id: string): Promise<ActorRecord | undefined> {
  return unlessUnknown(getJson<ActorRecord>(`/api/actors/${segment(id)}`));
}

/** The same as of a moment of the recording, in milliseconds since 1970. */
export function fetchActorAt(id: string, at: number, signal?: AbortSignal): Promise<ActorRecord | undefined> {
  return unlessUnknown(getJson<ActorRecord>(`/api/actors/${segment(id)}?at=${at}`, signal));
}

async function unlessUnknown(asked: Promise<ActorRecord>): Promise<ActorRecord | undefined> {
  try {
    return await asked;
  } catch (cause) {
    // That the moment is not recorded says nothing of the actor.
    if (cause instanceof ApiError && cause.status === 404 && !isUnseen(cause)) return undefined;
    throw cause;
  }
}

export function fetchLogWindow(
  run: string,
  job: string,
  attempt: number,
  from: number,
  limit: number,
  signal?: AbortSignal,
): Promise<LogWindow> {
  const wanted = `attempt=${attempt}&from=${from}&limit=${limit}`;
  return getJson<LogWindow>(`/api/runs/${segment(run)}/jobs/${segment(job)}/logs?${wanted}`, signal);
}

/** How much of the end of a log is read. */
const TAIL = 40;

/** The last lines of a job that has ended. */
export function jobTailQuery(run: string, job: string, attempt: number) {
  return queryOptions({
    queryKey: keys.tail(run, job, attempt),
    queryFn: async ({ signal }) => {
      const { total } = await fetchLogWindow(run, job, attempt, 1, 1, signal);
      return (await fetchLogWindow(run, job, attempt, Math.max(1, total - TAIL + 1), TAIL, signal)).lines;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** `inputs` by name; without them it is started as its file says. */
export function startWorkflow(name: string, inputs?: Readonly<Record<string, string>>): Promise<{ runId: string }> {
  return postJson(`/api/workflows/${segment(name)}/start`, inputs && { inputs });
}

export function stopWorkflow(name: string): Promise<{ runIds: string[] }> {
  return postJson(`/api/workflows/${segment(name)}/stop`);
}

/** How the step goes on that a job is paused at. */
export type PauseAnswer = "retry" | "skip" | "end";

/** Which pause is meant; without its number, whichever the step is in. */
export type PausedAt = { job: string; step: string; pause?: number };

export function answerPause(run: string, at: PausedAt, answer: PauseAnswer): Promise<unknown> {
  return postJson(`/api/runs/${segment(run)}/answer`, { answer, ...at });
}

/** Another attempt at a run that has ended: all of it, or what failed with what needs it. Answers which run it is. */
export function rerunRun(id: string, failed: boolean): Promise<{ runId: string }> {
  return postJson(`/api/runs/${segment(id)}/rerun`, { failed });
}

export function cancelRun(id: string): Promise<unknown> {
  return postJson(`/api/runs/${segment(id)}/cancel`);
}
