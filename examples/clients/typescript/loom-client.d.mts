// The types of `loom-client.mjs`.

export type OrderKind = "snapshot" | "pause" | "resume" | "step" | "stop" | "kill" | "restart" | "config";

/** What may be said of an actor, as docs/reporting.md has it. */
export interface Fields {
  status?: string;
  queueDepth?: number;
  workerId?: string;
  parentId?: string;
  metadata?: Record<string, unknown>;
}

/** One actor. Its counts only grow; what is not known is left out. */
export class Actor {
  private constructor();
  readonly id: string;
  /** Changes some of what is said of it. */
  set(fields: Fields): void;
  /** A message was handled, within so many milliseconds, perhaps with an error. */
  handled(what?: { ms?: number; error?: unknown }): void;
  /** Writes a line into the actor's journal. */
  note(message: string, more?: { kind?: string; data?: Record<string, unknown> }): void;
  /** Lets this be ordered; `config` is given the settings. What `handle` returns is the order's value; what it throws makes it fail. */
  order(kind: OrderKind, handle: (settings?: unknown) => unknown): void;
  /** Lets messages of a type be sent from the studio; `handle` is given the body and returns the answer. */
  message(type: string, handle: (body: any) => unknown, schema?: object): void;
  /** It has ended; it stays to be seen until the studio is closed. */
  stop(status?: "stopped" | "failed"): void;
}

/** The studio that this program reports to. */
export class Studio {
  /** By itself it takes `STUDIO_URL` and `STUDIO_TOKEN`; `period` is in milliseconds. */
  constructor(options?: {
    url?: string;
    token?: string;
    app?: string;
    period?: number;
    warn?: (text: string) => void;
  });
  /** Shows a new actor. */
  actor(id: string, type: string, fields?: Fields): Actor;
  /** Shows an actor no more. */
  remove(actor: Actor): void;
  /** Tells what is left, takes the actors off the studio and ends. */
  close(): Promise<void>;
}
