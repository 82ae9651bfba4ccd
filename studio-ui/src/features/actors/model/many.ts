/** One order to many actors: whom it goes to, whom it leaves out and why, and what it will do, said before it does. */

import type { ActorRecord } from "../../../api/types";
import { plural } from "../../../lib/format";

/** The orders that make sense to many at once, in the order of the buttons. */
export const MANY_ORDERS = ["pause", "resume", "restart", "stop", "kill"] as const;

export type ManyOrder = (typeof MANY_ORDERS)[number];

/** Some who are left out, for one reason. */
export type LeftOut = { why: string; ids: string[] };

export type Plan = {
  order: ManyOrder;
  to: ActorRecord[];
  leftOut: LeftOut[];
  /** What it will do to those. */
  says: string;
};

/** A plan for each order that at least one of them takes. */
export function plansFor(chosen: Iterable<ActorRecord>): Plan[] {
  const all = [...chosen];
  return MANY_ORDERS.map((order) => planFor(order, all)).filter(({ to }) => to.length > 0);
}

function planFor(order: ManyOrder, chosen: readonly ActorRecord[]): Plan {
  const to: ActorRecord[] = [];
  const leftOut = new Map<string, string[]>();
  for (const actor of chosen) {
    const why = whyNot(order, actor);
    if (why === undefined) to.push(actor);
    else leftOut.set(why, [...(leftOut.get(why) ?? []), actor.id]);
  }
  return { order, to, leftOut: [...leftOut].map(([why, ids]) => ({ why, ids })), says: saying(order, to) };
}

/** Whether somebody is paused changes behind our back, and to be paused twice does no harm: that leaves nobody out. */
function whyNot(order: ManyOrder, actor: ActorRecord): string | undefined {
  const orders = actor.controls?.orders ?? [];
  if (actor.status === "stopped" || actor.status === "failed") return "ended";
  if (orders.length === 0) return "takes no orders";
  if (!orders.includes(order)) return `does not take “${order}”`;
  return actor.status === "stale" ? "its process is silent" : undefined;
}

function saying(order: ManyOrder, to: readonly ActorRecord[]): string {
  const waiting = to.reduce((sum, actor) => sum + (actor.queueDepth ?? 0), 0);
  const lost = waiting === 0 ? "" : ` (${plural(waiting, "message")})`;
  const one = to.length === 1;
  const [it, its, is] = one ? ["It", "its", "is"] : ["They", "their", "are"];
  switch (order) {
    case "pause":
      return `${it} ${one ? "takes" : "take"} no further message until resumed; what is sent meanwhile waits, and ${its} ${one ? "queue grows" : "queues grow"}.`;
    case "resume":
      return `${it} ${one ? "goes" : "go"} on with ${its} ${one ? "queue" : "queues"}${lost}.`;
    case "restart":
      return `${it} ${is} stopped, and started anew by ${its} ${one ? "owner" : "owners"}: ${its} state is lost, and so is what waits${lost}.`;
    case "stop":
      return `${it} ${one ? "stops" : "stop"} once the messages that wait now are handled${lost}. What comes later finds nobody.`;
    case "kill":
      return `${it} ${one ? "stops" : "stop"} at once. What waits is lost${lost}. A handler that blocks its thread goes on to its end.`;
  }
}
