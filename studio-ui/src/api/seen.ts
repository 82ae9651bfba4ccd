/**
 * How far the studio had come that this page has seen. Where several servers are one studio each request goes to any of them: one
 * that has not come as far waits until it has, so that nobody is shown a moment before the one that was shown.
 */

const HEADER = "loom-position";

let seen: { millis: bigint; number: bigint; text: string } | undefined;

/** Something was seen that had come so far. */
export function sawPosition(text: string | null): void {
  const match = /^(\d+)-(\d+)$/.exec(text ?? "");
  if (!match?.[1] || !match[2]) return;
  const at = { millis: BigInt(match[1]), number: BigInt(match[2]), text: match[0] };
  const isLater =
    seen === undefined || at.millis > seen.millis || (at.millis === seen.millis && at.number > seen.number);
  if (isLater) seen = at;
}

/** Whether the studio is several servers: one alone says nothing of where it is. */
export function isShared(): boolean {
  return seen !== undefined;
}

/** What to send with a request. */
export function positionHeader(): Record<string, string> {
  return seen === undefined ? {} : { [HEADER]: seen.text };
}

/** An answer came. */
export function sawAnswer(headers: Headers): void {
  sawPosition(headers.get(HEADER));
}
