/** What a filter can ask about; the order is the one in which they are told. */

export const FIELDS = ["id", "type", "state", "worker", "node", "parent"] as const;
export const MEASURES = ["messages", "rate", "queue", "errors", "restarts", "wait", "handle", "uptime"] as const;
export const NATURES = ["system", "stale", "ended"] as const;

export type Field = (typeof FIELDS)[number];
export type Measure = (typeof MEASURES)[number];
export type Nature = (typeof NATURES)[number];
export type Key = Field | Measure | "is";

export const KEYS: readonly Key[] = [...FIELDS, ...MEASURES, "is"];

const TIMES: ReadonlySet<Measure> = new Set(["wait", "handle", "uptime"]);

export function isField(key: Key): key is Field {
  return (FIELDS as readonly string[]).includes(key);
}

export function isTime(measure: Measure): boolean {
  return TIMES.has(measure);
}

export function keyOf(word: string): Key | undefined {
  const lower = word.toLowerCase();
  // What the record calls it.
  return lower === "status" ? "state" : KEYS.find((key) => key === lower);
}

/** How a key is used, in the words of a mistake. */
export function example(key: Key): string {
  switch (key) {
    case "state":
      return "as in `state:failed,stale`";
    case "id":
      return "as in `id:counter*`";
    case "type":
      return "as in `type:Order`";
    case "rate":
      return "as in `rate:>100`";
    case "uptime":
      return "as in `uptime:<5m`";
    case "is":
      return "as in `is:system`";
    default:
      if (isField(key)) return "as in `node:web-1`";
      return isTime(key) ? "as in `wait:>50ms`" : "as in `queue:>=10`";
  }
}
