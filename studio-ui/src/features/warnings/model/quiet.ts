/** For how long a warning may be kept quiet. Moments are milliseconds since 1970. */

const HOUR = 3_600_000;
/** At what hour somebody is there again. */
const MORNING = 8;

export const QUIETS = ["1h", "8h", "tomorrow", "own"] as const;
export type Quiet = (typeof QUIETS)[number];

export const QUIET_WORDS: Record<Quiet, string> = {
  "1h": "1 hour",
  "8h": "8 hours",
  tomorrow: "Until tomorrow",
  own: "Until …",
};

/** The end of a quiet time that begins now; tomorrow is the next day of this computer, at eight. */
export function quietUntil(quiet: Exclude<Quiet, "own">, now: number): number {
  if (quiet !== "tomorrow") return now + (quiet === "1h" ? 1 : 8) * HOUR;
  const day = new Date(now);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1, MORNING).getTime();
}

/** What was filled in as an end; undefined where that is no moment, or one that is over. */
export function ownUntil(text: string, now: number): number | undefined {
  const at = Date.parse(text);
  return Number.isNaN(at) || at <= now ? undefined : at;
}
