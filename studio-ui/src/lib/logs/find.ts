/** The lines of one log that match what is sought, kept up to date while the log grows. */

import type { FoundLines, Sought } from "../../api/types";
import { Store } from "../store";

/** How long a log may have grown before its new lines are searched. */
const GROWS_MS = 1000;

export type FindState = {
  sought: Sought | undefined;
  /** Numbers of lines, in order. */
  lines: readonly number[];
  /** Whether an answer is awaited. */
  busy: boolean;
  /** Whether there may be more lines that match. */
  more: boolean;
  error: Error | undefined;
};

/** Searches lines from one on. */
export type FindLines = (sought: Sought, from: number, signal: AbortSignal) => Promise<FoundLines>;

const NOTHING: FindState = { sought: undefined, lines: [], busy: false, more: false, error: undefined };

export class LogFind {
  readonly state = new Store<FindState>(NOTHING);
  readonly #find: FindLines;
  #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Lines there are, and how many of them were searched. */
  #total = 0;
  #searched = 0;

  constructor(find: FindLines) {
    this.#find = find;
  }

  /** Searches for something else; for nothing without a text. */
  seek(sought: Sought): void {
    this.close();
    this.#abort = new AbortController();
    this.#searched = 0;
    this.state.set(sought.text === "" ? NOTHING : { ...NOTHING, sought });
    this.#pump();
  }

  /** The log has so many lines now. */
  grown(total: number): void {
    this.#total = total;
    if (this.#timer === undefined) this.#pump();
  }

  close(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #pump(): void {
    const { sought, busy, more, error } = this.state.get();
    if (sought === undefined || busy || more || error || this.#searched >= this.#total) return;
    this.state.set({ ...this.state.get(), busy: true });
    void this.#search(sought, this.#abort.signal);
  }

  async #search(sought: Sought, signal: AbortSignal): Promise<void> {
    const upTo = this.#total;
    try {
      const found = await this.#find(sought, this.#searched + 1, signal);
      if (signal.aborted) return;
      const { lines } = this.state.get();
      const last = lines.at(-1) ?? 0;
      const fresh = found.hits.map(({ line }) => line).filter((line) => line > last);
      this.#searched = upTo;
      this.state.set({ ...this.state.get(), lines: [...lines, ...fresh], busy: false, more: found.truncated });
    } catch (cause) {
      if (signal.aborted) return;
      const error = cause instanceof Error ? cause : new Error(String(cause));
      this.state.set({ ...this.state.get(), busy: false, error });
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pump();
    }, GROWS_MS);
  }
}

/** The place of the first number that is not below this one. */
export function placeOf(lines: readonly number[], line: number): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle] ?? 0) < line) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function has(lines: readonly number[], line: number): boolean {
  return lines[placeOf(lines, line)] === line;
}

/** The line to go to from another one, around the ends; undefined where there is none. */
export function nextHit(lines: readonly number[], from: number, by: 1 | -1): number | undefined {
  return by === 1 ? (lines[placeOf(lines, from + 1)] ?? lines[0]) : (lines[placeOf(lines, from) - 1] ?? lines.at(-1));
}

/** What is sought, as the browser looks for it in a line; undefined where it cannot. The server decides which lines match. */
export function needleOf(sought: Sought | undefined): RegExp | undefined {
  if (sought === undefined || sought.text === "") return undefined;
  const { text, regex, sensitive } = sought;
  const source = regex ? text : text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const counts = sensitive || /\p{Lu}/u.test(text);
  try {
    return new RegExp(source, counts ? "gu" : "giu");
  } catch {
    return undefined;
  }
}

/** A text in pieces, every second of them a match. */
export function splitAt(text: string, needle: RegExp | undefined): string[] {
  if (needle === undefined) return [text];
  const pieces: string[] = [];
  let end = 0;
  for (const match of text.matchAll(needle)) {
    if (match[0] === "") continue;
    pieces.push(text.slice(end, match.index), match[0]);
    end = match.index + match[0].length;
  }
  return [...pieces, text.slice(end)];
}
