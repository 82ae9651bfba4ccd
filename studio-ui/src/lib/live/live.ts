/** The page's live side as one object: socket, windows on actors, log news, and listeners for the rest. Made once, by the app. */

import type { Frame, LogGrown } from "../../api/types";
import { ActorWindows } from "./actor-windows";
import { Attention } from "./attention";
import { LogTopic } from "./log-topic";
import { type LiveEnvironment, LiveSocket } from "./socket";

export type LiveOptions = {
  url: string;
  /** A frame that is neither about windows nor about logs. */
  onFrame: (frame: Frame) => void;
  /** Everything fetched before may be out of date. */
  onResync: () => void;
  /** The socket was closed before it said a word. */
  onUnheard?: () => void;
  environment: LiveEnvironment;
};

/** A server that lags may tell of a hole with every frame; all is fetched at most this often. */
const RESYNC_EVERY_MS = 1000;

export class Live {
  readonly windows = new ActorWindows((text) => this.socket.send(text));
  readonly logs = new LogTopic();
  readonly attention = new Attention((text) => this.socket.send(text));
  readonly socket: LiveSocket;
  readonly #options: LiveOptions;
  readonly #resync = spaced(() => this.#fetchAll(), RESYNC_EVERY_MS);

  constructor(options: LiveOptions) {
    this.#options = options;
    this.socket = new LiveSocket(
      options.url,
      {
        onFrame: (frame) => this.#receive(frame),
        onResync: () => this.#resync(),
        onOpen: () => {
          this.attention.opened();
          this.windows.opened();
        },
        onUnheard: () => options.onUnheard?.(),
      },
      options.environment,
    );
  }

  #receive(frame: Frame): void {
    switch (frame.type) {
      case "window":
        this.windows.receive(frame.data);
        break;
      case "log:grown":
        this.logs.grown(frame.data as LogGrown);
        break;
      default:
        this.#options.onFrame(frame);
    }
  }

  #fetchAll(): void {
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
