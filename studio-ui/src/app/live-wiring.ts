/** Joins the live side with the query cache: what a frame carries is what the query would answer now. */

import type { QueryClient } from "@tanstack/react-query";
import { fetchActor, fetchActors, keys, RUN_LIMIT } from "../api/queries";
import type { Frame, Metrics, Run, RunSummary, Workflow } from "../api/types";
import { serverClock } from "../lib/clock";
import { frameBatch } from "../lib/frame-batch";
import { Live } from "../lib/live/live";

/** Lists and counts that a frame only hints at are fetched again, at most this often. */
const REFETCH_MS = 500;

export function createLive(client: QueryClient, url: string): Live {
  const caches = new Caches(client);
  return new Live({
    url,
    fetchActors: () => fetchActors(),
    fetchActor,
    onFrame: (frame) => caches.receive(frame),
    onResync: () => void client.invalidateQueries(),
    // We may not be let in any more; the studio says so to whoever asks, but not to a socket.
    onUnheard: () => void client.invalidateQueries({ queryKey: keys.session }),
    schedule: frameBatch,
    environment: { connect: (to) => new WebSocket(to), now: Date.now, random: Math.random },
  });
}

/** The socket of the page's own origin. */
export function socketUrl(location: Location): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
}

export class Caches {
  readonly #client: QueryClient;
  readonly #runs = new Map<string, Run>();
  readonly #flush: () => void;
  readonly #stale = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(client: QueryClient) {
    this.#client = client;
    this.#flush = frameBatch(() => this.#applyRuns());
  }

  receive(frame: Frame): void {
    if (frame.type === "metrics") {
      const metrics = frame.data as Metrics;
      serverClock.observe(metrics.timestamp, Date.now());
      this.#client.setQueryData(keys.metrics, metrics);
    } else if (frame.type === "run:update") {
      const run = frame.data as Run;
      this.#runs.set(run.runId, run);
      this.#flush();
    } else if (frame.type === "workflow:update") {
      this.#applyWorkflow(frame.data as Workflow);
    }
  }

  #applyRuns(): void {
    for (const run of this.#runs.values()) {
      // An answer under way may be older than what just came.
      void this.#client.cancelQueries({ queryKey: keys.run(run.runId) }, { revert: false, silent: true });
      this.#client.setQueryData(keys.run(run.runId), run);
      this.#client.setQueryData<RunSummary[]>(keys.runs, (list) => list && withRun(list, run));
    }
    this.#runs.clear();
    if (this.#client.isFetching({ queryKey: keys.runs }) > 0) this.#refetch(keys.runs);
    this.#refetch(keys.status);
  }

  #applyWorkflow(entry: Workflow): void {
    this.#client.setQueryData<Workflow[]>(keys.workflows, (list) => list && withWorkflow(list, entry));
    // A frame tells of each workflow that is there; only the whole list tells which are gone.
    this.#refetch(keys.workflows);
  }

  #refetch(queryKey: readonly string[]): void {
    const name = queryKey.join();
    if (this.#stale.has(name)) return;
    const timer = setTimeout(() => {
      this.#stale.delete(name);
      void this.#client.invalidateQueries({ queryKey });
    }, REFETCH_MS);
    this.#stale.set(name, timer);
  }
}

/** The history with one run as it now stands; a new one comes first. */
export function withRun(list: readonly RunSummary[], run: Run): RunSummary[] {
  const { jobs: _, ...summary } = run;
  if (list.some((known) => known.runId === run.runId)) {
    return list.map((known) => (known.runId === run.runId ? summary : known));
  }
  return [summary, ...list].slice(0, RUN_LIMIT);
}

export function withWorkflow(list: readonly Workflow[], entry: Workflow): Workflow[] {
  const known = list.some((workflow) => sameWorkflow(workflow, entry));
  return known ? list.map((workflow) => (sameWorkflow(workflow, entry) ? entry : workflow)) : [...list, entry];
}

function sameWorkflow(a: Workflow, b: Workflow): boolean {
  return a.file === b.file;
}
