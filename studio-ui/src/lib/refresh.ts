/** How long to wait before a list is read again. */

const REFRESH_MS = 3000;
/** A long list is read less often: all that this brings are heartbeats and uptimes, and silence is told by frames. */
const MANY = 1000;
const REFRESH_MANY_MS = 15_000;
/** Fetching may take at most a twentieth of the time. */
const SHARE = 20;
/** But a server that stood still, or a laptop that slept, says nothing about how long the next one takes. */
const REFRESH_MOST_MS = 60_000;

/** The pause after a list of `count` items was read in `took` milliseconds. */
export function pauseAfter(took: number, count: number): number {
  const least = count > MANY ? REFRESH_MANY_MS : REFRESH_MS;
  return Math.min(Math.max(least, took * SHARE), REFRESH_MOST_MS);
}
