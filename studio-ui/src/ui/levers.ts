/** What can be ordered of an actor, in words: what it is called, and what it will do. */

import type { ActorRecord } from "../api/types";
import { plural } from "../lib/format";
import type { IconName } from "./icon";

export type Lever = {
  order: string;
  title: string;
  icon: IconName;
  /** What it will do, before it does. */
  says: string;
  /** How it is asked for: at once, after a look at the form, or after a question, as nothing brings back what it takes. */
  way: "at once" | "form" | "question";
};

const KNOWN: Record<string, Omit<Lever, "order" | "says"> & { says: (waiting: string) => string }> = {
  message: {
    title: "Message",
    icon: "play",
    way: "form",
    says: () => "Puts a message into its queue, as any other actor would, and shows the answer.",
  },
  config: {
    title: "Settings",
    icon: "overview",
    way: "form",
    says: () => "Gives it other settings, which hold until it is started again.",
  },
  pause: {
    title: "Pause",
    icon: "pause",
    way: "at once",
    says: () => "Takes no further message until it is resumed; what is sent to it waits, and the queue grows.",
  },
  resume: { title: "Resume", icon: "play", way: "at once", says: (waiting) => `Goes on with its queue${waiting}.` },
  step: { title: "Step", icon: "skip", way: "at once", says: () => "Takes one message, then pauses again." },
  stop: {
    title: "Stop",
    icon: "stop",
    way: "question",
    says: (waiting) => `Stops it once the messages that wait now are handled${waiting}. What comes later finds nobody.`,
  },
  kill: {
    title: "Stop now",
    icon: "warning",
    way: "question",
    says: (waiting) =>
      `Stops it at once. What waits is lost${waiting}. A handler that blocks its thread goes on to its end.`,
  },
  restart: {
    title: "Restart",
    icon: "runs",
    way: "question",
    says: (waiting) => `Stops it, and its owner starts it anew: its state is lost, and so is what waits${waiting}.`,
  },
};

/** In the order of the buttons; orders that this page does not know are left to programs. */
const ORDER = ["message", "config", "pause", "resume", "step", "restart", "stop", "kill"];

/** The levers of an actor, as they make sense now. Its state is asked for where it is shown. */
export function leversOf(actor: ActorRecord): Lever[] {
  const taken = actor.controls?.orders ?? [];
  const paused = actor.status === "paused";
  const waiting = actor.queueDepth === undefined ? "" : ` (${plural(actor.queueDepth, "message")})`;
  return ORDER.filter((order) => taken.includes(order) && (order !== "pause" || !paused))
    .filter((order) => (order !== "resume" && order !== "step") || paused)
    .flatMap((order) => {
      const known = KNOWN[order];
      return known === undefined ? [] : [{ ...known, order, says: known.says(waiting) }];
    });
}

/** What an order is called, and its icon. */
export function nameOfOrder(order: string): Pick<Lever, "title" | "icon"> {
  return Object.hasOwn(KNOWN, order) ? (KNOWN[order] ?? UNNAMED) : UNNAMED;
}

const UNNAMED = { title: "Order", icon: "play" } as const;
