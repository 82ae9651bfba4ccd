/** News that a log grew, for whoever shows that log now; nobody else pays for it. */

import type { LogGrown } from "../../api/types";

/** One log: that of an attempt at a job. */
export type LogName = { run: string; job: string; attempt: number };

type Listener = (total: number) => void;

export class LogTopic {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #resyncs = new Set<() => void>();

  listen(name: LogName, onGrown: Listener, onResync: () => void): () => void {
    const key = topicKey(name);
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(onGrown));
    this.#resyncs.add(onResync);
    return () => {
      listeners.delete(onGrown);
      this.#resyncs.delete(onResync);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
    };
  }

  grown({ runId: run, job, attempt = 1, total }: LogGrown): void {
    for (const listener of this.#listeners.get(topicKey({ run, job, attempt })) ?? []) listener(total);
  }

  resync(): void {
    for (const listener of this.#resyncs) listener();
  }
}

function topicKey({ run, job, attempt }: LogName): string {
  return `${run}\n${job}\n${attempt}`;
}
