/** Joins the live side with the query cache: what a frame carries is what the query would answer now. */

import type { InfiniteData, QueryClient, QueryKey } from "@tanstack/react-query";
import { BASE } from "../api/base";
import type { JournalLine, Lint } from "../api/inside";
import { insideKeys, JOURNAL_LIMIT } from "../api/inside-queries";
import { getMoment } from "../api/moment";
import { keys, RUN_LIMIT } from "../api/queries";
import type { Frame, Job, Metrics, Run, RunDelta, RunSummary, RunsPage } from "../api/types";
import { warningKeys } from "../api/warnings";
import type { Workflow } from "../api/workflow-types";
import { inWorkspace } from "../api/workspace";
import { serverClock } from "../lib/clock";
import { frameBatch } from "../lib/frame-batch";
import { Live } from "../lib/live/live";

/** Frames that tell of actors. */
const OF_ACTORS = new Set(["metrics", "lints", "journal"]);

/** Lists and counts that a frame only hints at are fetched again, at most this often. */
const REFETCH_MS = 500;

export function createLive(client: QueryClient, url: string): Live {
  const caches = new Caches(client);
  return new Live({
    url,
    onFrame: (frame) => caches.receive(frame),
    onResync: () => void client.invalidateQueries(),
    // We may not be let in any more; the studio says so to whoever asks, but not to a socket.
    onUnheard: () => void client.invalidateQueries({ queryKey: keys.session }),
    environment: { connect: (to) => new WebSocket(inWorkspace(to)), now: Date.now, random: Math.random },
  });
}

/**
 * The socket of the page's own origin, under the path that the page is offered under. Nobody here listens to what happens to all
 * actors: what is shown of them comes by windows.
 */
export function socketUrl(location: Location): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${BASE}/ws?without=actors`;
}

export class Caches {
  readonly #client: QueryClient;
  readonly #runs = new Map<string, Run>();
  /** What changed in runs that are too large to be told whole, until it can be joined with what is known of them. */
  readonly #deltas = new Map<string, RunDelta>();
  readonly #flush: () => void;
  #waiting: ReturnType<typeof setTimeout> | undefined;
  readonly #stale = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(client: QueryClient) {
    this.#client = client;
    this.#flush = frameBatch(() => this.#applyRuns());
  }

  receive(frame: Frame): void {
    // What is live changes nothing of what is past.
    if (getMoment().at !== undefined && OF_ACTORS.has(frame.type)) return;
    if (frame.type === "metrics") {
      const metrics = frame.data as Metrics;
      serverClock.observe(metrics.timestamp, Date.now());
      this.#client.setQueryData(keys.metrics, metrics);
    } else if (frame.type === "run:update") {
      const run = frame.data as Run;
      this.#runs.set(run.runId, run);
      this.#deltas.delete(run.runId);
      this.#flush();
    } else if (frame.type === "run:delta") {
      const delta = frame.data as RunDelta;
      const before = this.#deltas.get(delta.runId);
      this.#deltas.set(delta.runId, before === undefined ? delta : joined(before, delta));
      this.#flush();
    } else if (frame.type === "workflow:update") {
      this.#applyWorkflow(frame.data as Workflow);
    } else if (frame.type === "lints") {
      this.#client.setQueryData(insideKeys.lints, frame.data as Lint[]);
    } else if (frame.type === "warnings") {
      // It has counts alone; who shows more asks for it.
      this.#refetch(warningKeys.all);
    } else if (frame.type === "journal") {
      const { actor, line } = frame.data as { actor: string; line: JournalLine };
      const key = insideKeys.journal(actor);
      this.#client.setQueryData<Journal>(key, (known) => known && withLine(known, line));
      // An answer under way may be older than what just came.
      if (this.#client.isFetching({ queryKey: key }) > 0) this.#refetch(key);
    }
  }

  #applyRuns(): void {
    for (const run of this.#runs.values()) {
      // An answer under way may be older than what just came.
      void this.#client.cancelQueries({ queryKey: keys.run(run.runId) }, { revert: false, silent: true });
      this.#client.setQueryData(keys.run(run.runId), run);
      this.#applyToHistories(run);
    }
    this.#runs.clear();
    for (const delta of this.#deltas.values()) this.#applyDelta(delta);
    if (this.#client.isFetching({ queryKey: keys.histories }) > 0) this.#refetch(keys.histories);
    this.#refetch(keys.status);
  }

  #applyDelta(delta: RunDelta): void {
    const key = keys.run(delta.runId);
    this.#applyToHistories(delta);
    const state = this.#client.getQueryState<Run>(key);
    // One that is out of date lacks more than this: it is fetched as soon as somebody looks at it.
    const known = state?.isInvalidated ? undefined : state?.data;
    if (known !== undefined) this.#client.setQueryData(key, withDelta(known, delta));
    // An answer under way may be older than what just came, or newer than all that is known: it is waited for.
    if (state === undefined || state.fetchStatus === "idle") this.#deltas.delete(delta.runId);
    else this.#later();
  }

  #later(): void {
    if (this.#waiting !== undefined) return;
    this.#waiting = setTimeout(() => {
      this.#waiting = undefined;
      this.#flush();
    }, REFETCH_MS);
  }

  #applyToHistories(run: Run): void {
    for (const { queryKey } of this.#client.getQueryCache().findAll({ queryKey: keys.histories })) {
      const [, workflow, words] = queryKey;
      // Whether it is wanted only the studio says.
      if (words !== "") {
        this.#refetch(queryKey);
        continue;
      }
      if (workflow !== "" && workflow !== run.workflow.name && workflow !== run.workflow.file) continue;
      const history = this.#client.setQueryData<History>(queryKey, (known) => known && withRun(known, run));
      // Asked for anew the first page is as long as a page is.
      if ((history?.pages[0]?.items.length ?? 0) >= 2 * RUN_LIMIT) this.#refetch(queryKey);
    }
  }

  #applyWorkflow(entry: Workflow): void {
    this.#client.setQueryData<Workflow[]>(keys.workflows, (list) => list && withWorkflow(list, entry));
    // A frame tells of each workflow that is there; only the whole list tells which are gone.
    this.#refetch(keys.workflows);
  }

  #refetch(queryKey: QueryKey): void {
    const name = queryKey.join();
    if (this.#stale.has(name)) return;
    const timer = setTimeout(() => {
      this.#stale.delete(name);
      void this.#client.invalidateQueries({ queryKey });
    }, REFETCH_MS);
    this.#stale.set(name, timer);
  }
}

export type Journal = InfiniteData<JournalLine[], number>;

/** A journal with one line more; one that is known already changes nothing. */
export function withLine(journal: Journal, line: JournalLine): Journal {
  const [newest, ...older] = journal.pages;
  if (newest === undefined || (newest.at(-1)?.seq ?? 0) >= line.seq) return journal;
  // Older pages lead on from what is dropped only where nobody asked for any: then the oldest lines give way.
  const lines = [...newest, line];
  return { ...journal, pages: [older.length === 0 ? lines.slice(-MOST_LINES) : lines, ...older] };
}

/** Lines of a journal that are held while they only come. */
const MOST_LINES = 5 * JOURNAL_LIMIT;

export type History = InfiniteData<RunsPage, string>;

/** The history with one run as it now stands; a new one comes first. */
export function withRun(history: History, run: Run): History {
  const { jobs: _, ...rest } = run;
  // A run says it with what it goes back to.
  const attempt = rest.attempt ?? rest.rerun?.attempt;
  const summary: RunSummary = { ...rest, ...(attempt !== undefined && { attempt }) };
  const isIt = (known: RunSummary) => known.runId === run.runId;
  const { pages } = history;
  if (pages.some((page) => page.items.some(isIt))) {
    const changed = (page: RunsPage) =>
      page.items.some(isIt) ? { ...page, items: page.items.map((known) => (isIt(known) ? summary : known)) } : page;
    return { ...history, pages: pages.map(changed) };
  }
  const [first, ...others] = pages;
  // One that is not among the newest may be further down than was asked for; only a new one is more than before.
  if (first === undefined || isOlder(run, first.items.at(-1), first.next)) return history;
  return { ...history, pages: [{ ...first, items: [summary, ...first.items], total: first.total + 1 }, ...others] };
}

/** Whether a run stands below the last of a page that others follow. */
function isOlder(run: Run, last: RunSummary | undefined, next: string | null): boolean {
  return next !== null && last !== undefined && (run.createdAt ?? "") < (last.createdAt ?? "");
}

/** A run with what changed in it: what it says of itself is the delta's, jobs that are not in the delta stay. */
export function withDelta(run: Run, delta: RunDelta): Run {
  const { seq: _, jobs, ...rest } = delta;
  return { ...rest, jobs: withJobs(run.jobs ?? [], jobs) };
}

/** Two deltas as one. */
function joined(before: RunDelta, after: RunDelta): RunDelta {
  return { ...after, jobs: withJobs(before.jobs, after.jobs) };
}

/** Jobs replaced in their places by changed ones; those that are new come last. */
function withJobs(known: readonly Job[], changed: readonly Job[]): Job[] {
  const left = new Map(changed.map((job) => [job.id, job]));
  const jobs = known.map((job) => {
    const newer = left.get(job.id) ?? job;
    left.delete(job.id);
    return newer;
  });
  return [...jobs, ...left.values()];
}

export function withWorkflow(list: readonly Workflow[], entry: Workflow): Workflow[] {
  const known = list.some((workflow) => sameWorkflow(workflow, entry));
  return known ? list.map((workflow) => (sameWorkflow(workflow, entry) ? entry : workflow)) : [...list, entry];
}

function sameWorkflow(a: Workflow, b: Workflow): boolean {
  return a.file === b.file;
}
