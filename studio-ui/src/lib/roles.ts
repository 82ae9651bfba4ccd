/** What a role lets one ask for, so that the page offers nothing that the studio would refuse. */

/** What is asked for: an order of an actor or a run, other settings for an actor, a start, quiet for a warning, other rules and channels. */
export type Ask = "order" | "settings" | "start" | "silence" | "rules";

/** Why somebody in this role is not offered it; a studio that knows no roles lets everybody. */
export function barredFrom(role: string | undefined, ask: Ask = "order"): string | undefined {
  if (ask === "rules") return role === "view" || role === "operate" ? RULES : undefined;
  if (role === "view") return ask === "silence" ? SILENCES : `Your role may look, and ${VERBS[ask]} nothing.`;
  if (role === "operate" && ask === "settings") return "Other settings are given by the role admin.";
  return undefined;
}

const VERBS = { order: "order", settings: "order", start: "start" };
const RULES = "Rules and channels are changed by the role admin.";
const SILENCES = "Warnings are silenced by the roles operate and admin.";
