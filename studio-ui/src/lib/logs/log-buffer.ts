/**
 * The part of one job's log that this page holds. The log may have millions of lines, so it is fetched in chunks around
 * what is looked at, and chunks far away are let go. Lines are named by their number, from 1.
 */

import type { LogLine, LogWindow } from "../../api/types";
import type { StepOrder } from "../steps";
import { Store } from "../store";
import { findStep, type Place } from "./find-step";
import { type Group, outline, type Section } from "./outline";

export const CHUNK = 500;
/** Chunks held at once: 50,000 lines. */
const MOST_CHUNKS = 100;

export type LogState = {
  version: number;
  /** Lines the log has, as far as we heard; undefined before the first answer. */
  total: number | undefined;
  /** Whether nothing will be added any more. */
  complete: boolean;
  error: Error | undefined;
  /** Where a new step begins, among the lines that are held. */
  sections: readonly Section[];
  /** The groups that begin among them. */
  groups: readonly Group[];
};

export type FetchWindow = (from: number, limit: number, signal: AbortSignal) => Promise<LogWindow>;

const EMPTY: LogState = { version: 0, total: undefined, complete: false, error: undefined, sections: [], groups: [] };

export class LogBuffer {
  readonly state = new Store<LogState>(EMPTY);
  readonly #fetch: FetchWindow;
  /** Chunk number to its lines; the one that changed last stands last. */
  readonly #chunks = new Map<number, LogLine[]>();
  readonly #abort = new AbortController();
  #wanted: readonly number[] = [0];
  #busy = false;
  /** Whether an answer since the last news could still be short. */
  #askTail = true;

  constructor(fetchWindow: FetchWindow) {
    this.#fetch = fetchWindow;
  }

  line(number: number): LogLine | undefined {
    return this.#chunks.get(chunkOf(number))?.[(number - 1) % CHUNK];
  }

  /** Says which lines are on the screen; what is missing of them is fetched. */
  want(first: number, last: number): void {
    const wanted: number[] = [];
    for (let chunk = chunkOf(Math.max(1, first)); chunk <= chunkOf(Math.max(1, last)); chunk += 1) wanted.push(chunk);
    this.#wanted = wanted;
    this.#pump();
  }

  /** The log has grown to so many lines. */
  grown(total: number): void {
    const state = this.state.get();
    if (total > (state.total ?? 0)) this.#publish({ total });
    this.#pump();
  }

  /** Asks again for what may have changed unseen: after a break of the line, a failure, or the end of the job. */
  refresh(): void {
    this.#askTail = true;
    this.#publish({ error: undefined });
    this.#pump();
  }

  /** The line of a place of a step, looked for in the whole log; nothing when it wrote none or cannot be read. */
  async findStep(place: Place, order: StepOrder): Promise<number | undefined> {
    const read = async (from: number, limit: number) => (await this.#fetch(from, limit, this.#abort.signal)).lines;
    return findStep(place, order, this.state.get().total ?? 0, read).catch(() => undefined);
  }

  close(): void {
    this.#abort.abort();
  }

  #pump(): void {
    const gap = this.#nextGap();
    if (this.#busy || gap === undefined || this.#abort.signal.aborted || this.state.get().error) return;
    this.#busy = true;
    void this.#load(gap);
  }

  async #load(from: number): Promise<void> {
    this.#askTail = false;
    try {
      this.#take(await this.#fetch(from, CHUNK - ((from - 1) % CHUNK), this.#abort.signal));
    } catch (cause) {
      if (this.#abort.signal.aborted) return;
      this.#publish({ error: cause instanceof Error ? cause : new Error(String(cause)) });
    } finally {
      this.#busy = false;
    }
    // An answer that brought nothing new would be asked for without end; the next news asks again.
    if (this.#nextGap() !== from) this.#pump();
  }

  /** The first line that is wanted, should exist, and is not here; or the end, when more may stand there. */
  #nextGap(): number | undefined {
    const total = this.state.get().total;
    if (total === undefined) return 1;
    for (const chunk of this.#wanted) {
      const next = chunk * CHUNK + (this.#chunks.get(chunk)?.length ?? 0) + 1;
      if (next <= Math.min(total, (chunk + 1) * CHUNK)) return next;
    }
    return this.#askTail ? total + 1 : undefined;
  }

  #take(window: LogWindow): void {
    for (const line of window.lines) {
      const chunk = chunkOf(line.line);
      const lines = this.#chunks.get(chunk) ?? [];
      // Only what joins the lines already here: a hole would put every later line in the wrong place.
      if ((line.line - 1) % CHUNK !== lines.length) continue;
      lines.push(line);
      this.#chunks.delete(chunk);
      this.#chunks.set(chunk, lines);
    }
    this.#forget();
    const total = Math.max(window.total, this.state.get().total ?? 0);
    const found = outline(this.#chunks, window.complete ? total : undefined);
    this.#publish({ total, complete: window.complete, error: undefined, ...found });
  }

  #forget(): void {
    for (const chunk of this.#chunks.keys()) {
      if (this.#chunks.size <= MOST_CHUNKS) return;
      if (!this.#wanted.includes(chunk)) this.#chunks.delete(chunk);
    }
  }

  #publish(change: Partial<LogState>): void {
    const state = this.state.get();
    this.state.set({ ...state, ...change, version: state.version + 1 });
  }
}

function chunkOf(line: number): number {
  return Math.floor((line - 1) / CHUNK);
}
