/** What is known of an actor's last beat. Beats alone are not sent as frames: the record tells of the one at its reading. */

import type { ActorRecord } from "../api/types";

/** Without a beat for this long the studio calls an actor `stale`, and says so by a frame. */
export const STALE_AFTER_MS = 10_000;

const SILENT = ["stale", "stopped", "failed"];

/**
 * Milliseconds since the last beat; `fresh` when the record is older than a beat can be: had the actor fallen silent since,
 * the studio would have told us, as long as there is a line to it.
 */
export function heartbeatAge(actor: ActorRecord, now: number, connected: boolean): number | "fresh" | undefined {
  if (actor.lastHeartbeat === undefined) return undefined;
  const age = now - Date.parse(actor.lastHeartbeat);
  const told = connected && !SILENT.includes(actor.status ?? "");
  return told && age > STALE_AFTER_MS ? "fresh" : age;
}
