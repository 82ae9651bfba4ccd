/** How long to wait before the next try: doubled each time, capped, with half of it random so that many pages that lost
 * the same server do not come back at the same moment. */

const FIRST_MS = 250;
const LONGEST_MS = 10_000;

export function backoff(attempt: number, random: () => number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return full / 2 + (random() * full) / 2;
}
