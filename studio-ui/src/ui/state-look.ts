/** How a state looks: one icon and one tone for each word, on every page. A word we do not know keeps its text. */

import type { IconName } from "./icon";

export type Tone = "good" | "bad" | "busy" | "wait" | "calm" | "odd";

export type Look = { icon: IconName; tone: Tone };

const LOOKS: Record<string, Look> = {
  // Runs, jobs and steps.
  queued: { icon: "dots", tone: "calm" },
  pending: { icon: "dots", tone: "calm" },
  waiting: { icon: "clock", tone: "wait" },
  running: { icon: "spinner", tone: "busy" },
  success: { icon: "check", tone: "good" },
  failure: { icon: "cross", tone: "bad" },
  cancelled: { icon: "slash", tone: "calm" },
  skipped: { icon: "skip", tone: "calm" },
  lost: { icon: "question", tone: "odd" },
  // Actors.
  starting: { icon: "spinner", tone: "busy" },
  idle: { icon: "ring", tone: "calm" },
  active: { icon: "play", tone: "good" },
  paused: { icon: "pause", tone: "wait" },
  stopping: { icon: "stop", tone: "wait" },
  stopped: { icon: "stop", tone: "calm" },
  failed: { icon: "cross", tone: "bad" },
  stale: { icon: "question", tone: "odd" },
  // Workflows.
  invalid: { icon: "warning", tone: "bad" },
  // Warnings, and what is sent of them.
  firing: { icon: "bell", tone: "bad" },
  resolved: { icon: "check", tone: "good" },
  delivered: { icon: "check", tone: "good" },
  // The line to the studio.
  connecting: { icon: "spinner", tone: "busy" },
  live: { icon: "disc", tone: "good" },
  offline: { icon: "slash", tone: "bad" },
};

const OTHER: Look = { icon: "disc", tone: "calm" };

export function stateLook(state: string): Look {
  return Object.hasOwn(LOOKS, state) ? (LOOKS[state] ?? OTHER) : OTHER;
}

/** States after which nothing more happens to a run, job or step. */
export function isOver(state: string): boolean {
  return ["success", "failure", "cancelled", "skipped", "lost"].includes(state);
}
