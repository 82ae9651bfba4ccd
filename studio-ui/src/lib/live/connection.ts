/** What the page says about its line to the studio. */

export type Connection = {
  /** Whether a socket is open now. */
  open: boolean;
  /** When the last frame arrived, by this computer's clock; undefined before the first. */
  lastFrameAt: number | undefined;
  /** When the line broke, or the first try failed; undefined while it is open, and before. */
  closedAt: number | undefined;
  /** When the next try starts, while the socket is closed. */
  nextTryAt: number | undefined;
};

export const CLOSED: Connection = { open: false, lastFrameAt: undefined, closedAt: undefined, nextTryAt: undefined };

export type ConnectionWord = "connecting" | "live" | "stale" | "offline";

/** The studio speaks at least every two seconds (metrics); three missed are silence. */
export const STALE_AFTER_MS = 6000;

export function connectionWord(connection: Connection, now: number): ConnectionWord {
  if (connection.lastFrameAt === undefined) return connection.nextTryAt === undefined ? "connecting" : "offline";
  if (!connection.open) return "offline";
  return now - connection.lastFrameAt > STALE_AFTER_MS ? "stale" : "live";
}
