/** News that a log grew, for whoever shows that log now; nobody else pays for it. */

import type { LogGrown } from "../../api/types";

type Listener = (total: number) => void;

export class LogTopic {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #resyncs = new Set<() => void>();

  listen(run: string, job: string, onGrown: Listener, onResync: () => void): () => void {
    const key = topicKey(run, job);
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(onGrown));
    this.#resyncs.add(onResync);
    return () => {
      listeners.delete(onGrown);
      this.#resyncs.delete(onResync);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
    };
  }

  grown({ runId, job, total }: LogGrown): void {
    for (const listener of this.#listeners.get(topicKey(runId, job)) ?? []) listener(total);
  }

  resync(): void {
    for (const listener of this.#resyncs) listener();
  }
}

function topicKey(run: string, job: string): string {
  return `${run}\n${job}`;
}
