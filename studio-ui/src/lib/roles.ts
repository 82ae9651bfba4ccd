/** What a role lets one ask for, so that the page offers nothing that the studio would refuse. */

/** What is asked for: an order of an actor or a run, other settings for an actor, a start. */
export type Ask = "order" | "settings" | "start";

/** Why somebody in this role is not offered it; a studio that knows no roles lets everybody. */
export function barredFrom(role: string | undefined, ask: Ask = "order"): string | undefined {
  if (role === "view") return `Your role may look, and ${ask === "start" ? "start" : "order"} nothing.`;
  if (role === "operate" && ask === "settings") return "Other settings are given by the role admin.";
  return undefined;
}
