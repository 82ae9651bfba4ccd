/**
 * Gives one order to many actors: a few at a time, slower when the studio says that its queues are full, and follows each to what
 * came of it. Knows no browser: it is handed what asks the studio.
 */

import { ApiError } from "../../../api/client";
import type { OrderLine, OrderResult } from "../../../api/inside";
import { Store } from "../../../lib/store";

/** Orders that are on their way to the studio at a time; a browser has few connections, and others need some. */
const AT_ONCE = 4;
/** How often it is looked what came of those that were passed on. */
const LOOK_MS = 500;
/** How long is waited for outcomes once all are given; a process that is busy with a message answers after it. */
const PATIENCE_MS = 30_000;
/** How long to wait when the studio has no room and does not say how long. */
const PAUSE_MS = 1000;
/** How often one order is offered again before it counts as refused. */
const OFFERS = 60;

export type Outcome = {
  /** `waiting` to be given, `given` and not answered; `kept` when somebody said to give no more. */
  state: "waiting" | "given" | "done" | "failed" | "unanswered" | "kept";
  problem?: string | undefined;
};

export type Progress = {
  outcomes: ReadonlyMap<string, Outcome>;
  /** Whether the studio has no room at the moment. */
  full: boolean;
  over: boolean;
};

export type Studio = {
  give: (actor: string) => Promise<OrderResult>;
  /** So many of the newest orders, with what came of them. */
  orders: (limit: number) => Promise<readonly OrderLine[]>;
  sleep: (millis: number) => Promise<void>;
  now: () => number;
};

export class ManyOrders {
  readonly state: Store<Progress>;
  readonly #studio: Studio;
  readonly #left: string[];
  /** Names of orders that are passed on, with their actors. */
  readonly #given = new Map<string, string>();
  /** Orders among which those of ours are, though others give some meanwhile; the studio tells of a thousand. */
  readonly #reach: number;
  #stopped = false;
  #fullUntil = 0;

  constructor(actors: readonly string[], studio: Studio) {
    this.#studio = studio;
    this.#left = [...actors];
    this.#reach = Math.min(1000, 2 * actors.length + 100);
    const outcomes = new Map<string, Outcome>(actors.map((id) => [id, { state: "waiting" }]));
    this.state = new Store<Progress>({ outcomes, full: false, over: false });
  }

  /** Gives no more; what was given goes on. */
  stop(): void {
    this.#stopped = true;
  }

  /** Resolves once each has an outcome, or none will come. */
  async run(): Promise<void> {
    let giving = true;
    const workers = Array.from({ length: AT_ONCE }, () => this.#work());
    const all = Promise.all(workers).then(() => {
      giving = false;
    });
    let deadline = Number.POSITIVE_INFINITY;
    while (giving || (this.#given.size > 0 && this.#studio.now() < deadline)) {
      await Promise.race([all, this.#studio.sleep(LOOK_MS)]);
      if (giving) deadline = Number.POSITIVE_INFINITY;
      else if (deadline === Number.POSITIVE_INFINITY) deadline = this.#studio.now() + PATIENCE_MS;
      if (this.#given.size > 0) await this.#look();
      if (!giving && this.#given.size > 0) await this.#studio.sleep(LOOK_MS);
    }
    this.#set(
      [...this.#given.values()].map((id) => [id, { state: "unanswered" }]),
      { over: true, full: false },
    );
  }

  async #work(): Promise<void> {
    for (let id = this.#left.shift(); id !== undefined; id = this.#left.shift()) {
      await this.#offer(id);
    }
  }

  async #offer(id: string): Promise<void> {
    for (let offer = 1; ; offer += 1) {
      const wait = this.#fullUntil - this.#studio.now();
      if (wait > 0 && !this.#stopped) await this.#studio.sleep(wait);
      if (this.#stopped) return this.#set([[id, { state: "kept" }]]);
      try {
        const { id: order, outcome, problem } = await this.#studio.give(id);
        if (outcome === "pending") this.#given.set(order, id);
        return this.#set([[id, outcomeOf(outcome, problem)]], { full: false });
      } catch (cause) {
        const error = cause instanceof Error ? cause : new Error(String(cause));
        if (!isFull(error) || offer >= OFFERS) return this.#set([[id, { state: "failed", problem: error.message }]]);
        this.#fullUntil = this.#studio.now() + (error.retryAfter ?? PAUSE_MS);
        this.#set([], { full: true });
      }
    }
  }

  async #look(): Promise<void> {
    const lines = await this.#studio.orders(this.#reach).catch(() => []);
    const ended: [string, Outcome][] = [];
    for (const { id: order, outcome, problem } of lines) {
      const actor = this.#given.get(order);
      if (actor === undefined || outcome === "pending") continue;
      this.#given.delete(order);
      ended.push([actor, outcomeOf(outcome, problem)]);
    }
    if (ended.length > 0) this.#set(ended);
  }

  #set(changed: readonly [string, Outcome][], more: Partial<Progress> = {}): void {
    const before = this.state.get();
    const outcomes = changed.length === 0 ? before.outcomes : new Map([...before.outcomes, ...changed]);
    this.state.set({ ...before, ...more, outcomes });
  }
}

function outcomeOf(outcome: string, problem: string | null | undefined): Outcome {
  if (outcome === "done") return { state: "done" };
  if (outcome === "pending") return { state: "given" };
  return { state: "failed", problem: problem ?? (outcome === "lost" ? "its process fell silent" : outcome) };
}

/** Whether the studio would take it later. A silent process is no such case: nobody knows whether it comes back. */
function isFull(error: Error): error is ApiError {
  if (!(error instanceof ApiError)) return false;
  return error.status === 429 || (error.status === 503 && error.code !== "process_silent");
}

export type Counts = Record<Outcome["state"], number>;

export function countsOf(outcomes: Progress["outcomes"]): Counts {
  const counts: Counts = { waiting: 0, given: 0, done: 0, failed: 0, unanswered: 0, kept: 0 };
  for (const { state } of outcomes.values()) counts[state] += 1;
  return counts;
}
