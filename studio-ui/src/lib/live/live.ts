/** The page's live side as one object: socket, actors, log news, and listeners for the rest. Made once, by the app. */

import type { ActorRecord, Frame, LogGrown } from "../../api/types";
import { ActorStore } from "./actor-store";
import { Attention } from "./attention";
import { LogTopic } from "./log-topic";
import { type LiveEnvironment, LiveSocket } from "./socket";

export type LiveOptions = {
  url: string;
  fetchActors: () => Promise<ActorRecord[]>;
  /** One actor; `undefined` when the studio does not know it. */
  fetchActor: (id: string) => Promise<ActorRecord | undefined>;
  /** A frame that is neither about actors nor about logs. */
  onFrame: (frame: Frame) => void;
  /** Everything fetched before may be out of date. */
  onResync: () => void;
  /** The socket was closed before it said a word. */
  onUnheard?: () => void;
  schedule: (publish: () => void) => () => void;
  environment: LiveEnvironment;
};

/** A server that lags may tell of a hole with every frame; all is fetched at most this often. */
const RESYNC_EVERY_MS = 1000;

export class Live {
  readonly actors: ActorStore;
  readonly logs = new LogTopic();
  readonly attention = new Attention((text) => this.socket.send(text));
  readonly socket: LiveSocket;
  readonly #options: LiveOptions;
  readonly #resync = spaced(() => this.#fetchAll(), RESYNC_EVERY_MS);
  /** How many parts of the page show actors now. The list may be long: while nobody looks it costs nothing. */
  #watchers = 0;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.actors = new ActorStore(options.schedule);
    this.socket = new LiveSocket(
      options.url,
      {
        onFrame: (frame) => this.#receive(frame),
        onResync: () => this.#resync(),
        onOpen: () => this.attention.opened(),
        onUnheard: () => {
          options.onUnheard?.();
          // Where no socket gets through, what can be read is still shown.
          if (this.#watchers > 0 && !this.actors.state.get().loaded) void this.refreshActors();
        },
      },
      options.environment,
    );
  }

  /** Keeps the actors up to date until the answer is called. What an earlier watch left stands until news are in. */
  watchActors(): () => void {
    this.#watchers += 1;
    // The socket's very first frame has everything fetched; from then on what came while nobody looked is missing.
    if (this.#watchers === 1 && this.socket.connection.get().lastFrameAt !== undefined) void this.refreshActors();
    return () => {
      this.#watchers -= 1;
    };
  }

  /** Fetches all actors again; resolves when they are in or the failure is noted. */
  async refreshActors(): Promise<void> {
    const snapshot = this.actors.beginSnapshot();
    try {
      this.actors.applySnapshot(snapshot, await this.#options.fetchActors());
    } catch (cause) {
      this.actors.failSnapshot(snapshot, cause instanceof Error ? cause : new Error(String(cause)));
    }
  }

  /** Reads one actor again. A frame that came meanwhile is newer and stays; a failure leaves what we have. */
  async refreshActor(id: string): Promise<void> {
    const before = this.actors.get(id);
    const record = await this.#options.fetchActor(id).catch(() => before);
    if (this.actors.get(id) !== before || record === before) return;
    if (record === undefined) this.actors.remove(id);
    else this.actors.update(record);
  }

  #receive(frame: Frame): void {
    switch (frame.type) {
      case "actor:update":
        if (this.#watchers > 0) this.actors.update(frame.data as ActorRecord);
        break;
      case "actor:removed":
        if (this.#watchers > 0) this.actors.remove((frame.data as { id: string }).id);
        break;
      case "log:grown":
        this.logs.grown(frame.data as LogGrown);
        break;
      default:
        this.#options.onFrame(frame);
    }
  }

  #fetchAll(): void {
    if (this.#watchers > 0) void this.refreshActors();
    this.logs.resync();
    this.#options.onResync();
  }
}

/** Runs at once, then not before the pause is over; what was asked for meanwhile runs then, once. */
function spaced(run: () => void, pause: number): () => void {
  let waiting = false;
  let again = false;
  const go = () => {
    run();
    waiting = true;
    setTimeout(() => {
      waiting = false;
      if (!again) return;
      again = false;
      go();
    }, pause);
  };
  return () => {
    if (waiting) again = true;
    else go();
  };
}
