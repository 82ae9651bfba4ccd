/** Where we stand in the studio's stream of frames, and what each new frame means for what we already have. */

import { parseJson } from "../../api/json";
import type { Frame } from "../../api/types";

export type Position = { epoch: string; seq: number };

/** `resync`: what we hold may be incomplete, fetch it again. `apply`: the frame carries news. */
export type Verdict = { apply: boolean; resync: boolean };

const NEWS: Verdict = { apply: true, resync: false };
const KNOWN: Verdict = { apply: false, resync: false };
const FETCH: Verdict = { apply: false, resync: true };
const NEWS_AND_FETCH: Verdict = { apply: true, resync: true };

export class Cursor {
  #at: Position | undefined;

  get position(): Position | undefined {
    return this.#at;
  }

  accept(frame: Frame): Verdict {
    if (frame.type === "hello") return this.#hello(frame);
    if (frame.type === "resync") {
      this.#at = announced(frame);
      return FETCH;
    }
    const at = this.#at;
    this.#at = { epoch: frame.epoch, seq: frame.seq };
    // Another epoch is another start of the server: its numbers say nothing about ours.
    if (at === undefined || at.epoch !== frame.epoch) return NEWS_AND_FETCH;
    // One for this page alone has the place of the last one. Places that are left out say nothing: they were of no use to this page,
    // or a later frame of the same says it all; what is really missed is told by `resync`.
    if (frame.seq >= at.seq) return NEWS;
    this.#at = at;
    return KNOWN;
  }

  #hello(frame: Frame): Verdict {
    const start = announced(frame);
    const at = this.#at;
    if (at !== undefined && at.epoch === start.epoch && start.seq >= at.seq) {
      // A resumed stream: what we missed follows from where we stopped, and a hole would show in the next number.
      return KNOWN;
    }
    this.#at = start;
    return FETCH;
  }
}

/** Control frames say in their data where the stream goes on; the envelope is the fallback. */
function announced(frame: Frame): Position {
  const data = (frame.data ?? {}) as Partial<Position>;
  return {
    epoch: typeof data.epoch === "string" ? data.epoch : frame.epoch,
    seq: typeof data.seq === "number" ? data.seq : frame.seq,
  };
}

/** How far the server had come that sent the frame, where it is one of several. */
export function positionOf(frame: Frame): string | null {
  if (frame.type !== "hello" && frame.type !== "resync") return null;
  const { position } = (frame.data ?? {}) as { position?: unknown };
  return typeof position === "string" ? position : null;
}

export function parseFrame(text: string): Frame | undefined {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { type, epoch, seq, data } = value as Partial<Frame>;
  if (typeof type !== "string" || typeof epoch !== "string" || typeof seq !== "number") return undefined;
  return { type, epoch, seq, data };
}
