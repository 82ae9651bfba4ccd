/**
 * Stretches of the studio's list of actors, as the page shows them: the studio keeps the whole list, and tells which actors stand
 * in such a stretch, and what changes of them. The page holds no actor that it does not show.
 */

import type { ActorRecord } from "../../api/types";
import { Store } from "../store";

/** Which actors, in which order, from which place of the list, and how many of them. */
export type Stretch = { filter: string; sort: string; from: number; count: number };

export type Shown = {
  /** Whether the studio has answered at all. */
  loaded: boolean;
  /** How many actors the filter matches. */
  total: number;
  /** The place in the list of the first of `rows`. */
  from: number;
  rows: readonly ActorRecord[];
  /** Why there is no such stretch. */
  problem: string | undefined;
};

type Told = { id?: string | null; error?: { message?: string } } & Partial<{
  from: number;
  total: number;
  ids: string[];
  rows: ActorRecord[];
}>;

const NOTHING: Shown = { loaded: false, total: 0, from: 0, rows: [], problem: undefined };

/** All windows of the page on one line to the studio. */
export class ActorWindows {
  readonly #send: (text: string) => void;
  readonly #open = new Map<string, ActorWindow>();
  #next = 0;

  constructor(send: (text: string) => void) {
    this.#send = send;
  }

  /** A window on nothing yet; [`ActorWindow.look`] says on what. */
  open(): ActorWindow {
    return new ActorWindow({
      // A name of its own for each stretch, so that no answer is taken for another's.
      take: (window) => {
        this.#next += 1;
        const name = `w${this.#next}`;
        this.#open.set(name, window);
        return name;
      },
      leave: (name) => this.#open.delete(name),
      ask: (frame) => this.#send(JSON.stringify({ type: "window", ...frame })),
    });
  }

  receive(data: unknown): void {
    const told = data as Told;
    this.#open.get(told.id ?? "")?.receive(told);
  }

  /** A new line is open: the studio knows of no window. */
  opened(): void {
    for (const window of this.#open.values()) window.refresh();
  }
}

type Line = {
  take: (window: ActorWindow) => string;
  leave: (name: string) => void;
  ask: (frame: { id: string } & Partial<Stretch>) => void;
};

/** One stretch, which may be moved. */
export class ActorWindow {
  readonly state = new Store<Shown>(NOTHING);
  readonly #line: Line;
  #name: string | undefined;
  #stretch: Stretch | undefined;

  constructor(line: Line) {
    this.#line = line;
  }

  /** Looks at this from now on. What was shown before stays until the studio has answered. */
  look(stretch: Stretch): void {
    const before = this.#stretch;
    if (before !== undefined && isSame(before, stretch)) return;
    this.#leave();
    this.#stretch = stretch;
    this.#name = this.#line.take(this);
    this.refresh();
  }

  /** Has all of it told again: heartbeats and uptimes are computed when they are asked for, and are no news. */
  refresh(): void {
    if (this.#name === undefined || this.#stretch === undefined) return;
    this.#line.ask({ id: this.#name, ...this.#stretch });
  }

  close(): void {
    this.#leave();
    this.#stretch = undefined;
  }

  receive({ error, from = 0, total = 0, ids = [], rows = [] }: Told): void {
    const before = this.state.get();
    if (error !== undefined) {
      this.state.set({ ...before, loaded: true, problem: error.message ?? "The studio shows no such list." });
      return;
    }
    const known = new Map([...before.rows, ...rows].map((row) => [row.id, row]));
    const there = ids.flatMap((id) => known.get(id) ?? []);
    this.state.set({ loaded: true, total, from, rows: there, problem: undefined });
    // It was told only what changed, and what that was added to is not there: an answer was lost.
    if (there.length < ids.length) this.refresh();
  }

  #leave(): void {
    if (this.#name === undefined) return;
    this.#line.leave(this.#name);
    this.#line.ask({ id: this.#name, count: 0 });
    this.#name = undefined;
  }
}

function isSame(a: Stretch, b: Stretch): boolean {
  return a.filter === b.filter && a.sort === b.sort && a.from === b.from && a.count === b.count;
}
