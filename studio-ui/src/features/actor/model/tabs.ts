/** What can be seen of an actor below its traffic, as the address names it; the first when it names nothing. */
export const TABS = ["journal", "messages", "state", "children"] as const;

export type ActorTab = (typeof TABS)[number];
