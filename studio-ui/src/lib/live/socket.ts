/**
 * The one WebSocket of the page. It opens, resumes where it stopped, notices silence, and comes back with growing pauses.
 * It knows nothing of React and nothing of what the frames mean.
 */

import { sawPosition } from "../../api/seen";
import type { Frame } from "../../api/types";
import { Store } from "../store";
import { backoff } from "./backoff";
import { CLOSED, type Connection } from "./connection";
import { Cursor, type Position, parseFrame, positionOf } from "./cursor";

/** After this much silence the socket is taken for dead and opened again. */
const DEAD_AFTER_MS = 15_000;
const WATCH_EVERY_MS = 1000;

export type LiveHandlers = {
  onFrame: (frame: Frame) => void;
  onResync: () => void;
  /** A line is open and the studio has spoken: it can be spoken to. */
  onOpen?: () => void;
  /** A try ended before a word was said: nobody is there, or we are not let in; a browser does not say which. */
  onUnheard?: () => void;
};

export type LiveEnvironment = {
  connect: (url: string) => WebSocket;
  now: () => number;
  random: () => number;
};

export class LiveSocket {
  readonly connection = new Store<Connection>(CLOSED);
  readonly #url: string;
  readonly #handlers: LiveHandlers;
  readonly #environment: LiveEnvironment;
  #cursor = new Cursor();
  #socket: WebSocket | undefined;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  #openedAt = 0;
  /** Whether the socket that is open now has said anything. */
  #heard = false;

  constructor(url: string, handlers: LiveHandlers, environment: LiveEnvironment) {
    this.#url = url;
    this.#handlers = handlers;
    this.#environment = environment;
  }

  start(): void {
    if (this.#watch !== undefined) return;
    this.#watch = setInterval(() => this.#checkSilence(), WATCH_EVERY_MS);
    this.#attempt = 0;
    this.#cursor = new Cursor();
    this.connection.set(CLOSED);
    this.#open();
  }

  stop(): void {
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    this.#watch = undefined;
    this.#retry = undefined;
    this.#drop();
    this.#update({ open: false, nextTryAt: undefined });
  }

  /** Tries at once instead of waiting for the next turn; for a button and for a network that came back. */
  retryNow(): void {
    if (this.#watch === undefined || this.#socket !== undefined) return;
    this.#open();
  }

  /** Says something to the studio; lost where there is no line, which `onOpen` tells to say again. */
  send(text: string): void {
    if (this.#heard) this.#socket?.send(text);
  }

  #open(): void {
    clearTimeout(this.#retry);
    const socket = this.#environment.connect(resumeUrl(this.#url, this.#cursor.position));
    this.#socket = socket;
    this.#openedAt = this.#environment.now();
    this.#heard = false;
    socket.onmessage = (event: MessageEvent) => {
      if (this.#socket === socket && typeof event.data === "string") this.#receive(event.data);
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost();
    };
  }

  #receive(text: string): void {
    const frame = parseFrame(text);
    if (frame === undefined) return;
    this.#attempt = 0;
    const opened = !this.#heard;
    this.#heard = true;
    this.#update({ open: true, lastFrameAt: this.#environment.now(), closedAt: undefined, nextTryAt: undefined });
    const verdict = this.#cursor.accept(frame);
    // Where several servers are one studio, what is fetched next comes from any of them, and must not be older than this.
    sawPosition(positionOf(frame));
    if (verdict.resync) this.#handlers.onResync();
    if (verdict.apply) this.#handlers.onFrame(frame);
    if (opened) this.#handlers.onOpen?.();
  }

  #lost(): void {
    this.#socket = undefined;
    const wait = backoff(this.#attempt, this.#environment.random);
    this.#attempt += 1;
    const now = this.#environment.now();
    this.#update({ open: false, closedAt: this.connection.get().closedAt ?? now, nextTryAt: now + wait });
    this.#retry = setTimeout(() => this.#open(), wait);
    if (!this.#heard) this.#handlers.onUnheard?.();
  }

  #checkSilence(): void {
    if (this.#socket === undefined) return;
    const heard = Math.max(this.connection.get().lastFrameAt ?? 0, this.#openedAt);
    if (this.#environment.now() - heard <= DEAD_AFTER_MS) return;
    this.#drop();
    this.#lost();
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  #update(change: Partial<Connection>): void {
    this.connection.set({ ...this.connection.get(), ...change });
  }
}

function resumeUrl(url: string, position: Position | undefined): string {
  if (position === undefined) return url;
  return `${url}${url.includes("?") ? "&" : "?"}epoch=${encodeURIComponent(position.epoch)}&seq=${position.seq}`;
}
