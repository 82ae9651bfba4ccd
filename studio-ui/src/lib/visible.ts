/** Names come from anywhere. What in them cannot be seen, or turns the text around them, is written out. */

/**
 * Controls, line and paragraph ends, marks and overrides of direction, what has no width, and halves of characters. The
 * joiners (200C, 200D) stay: scripts and emoji need them.
 */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|\p{Surrogate}|[\u{e0000}-\u{e007f}]/gu;

/** The text with each such character as `\u{202e}`. */
export function visible(text: string): string {
  return text.replace(UNSEEN, escaped);
}

export type VisiblePart = { text: string; unseen: boolean };

/** The same in parts, for a page that shows what was written out as such. */
export function visibleParts(text: string): VisiblePart[] {
  const parts: VisiblePart[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(UNSEEN)) {
    if (index > end) parts.push({ text: text.slice(end, index), unseen: false });
    parts.push({ text: escaped(found), unseen: true });
    end = index + found.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end), unseen: false });
  return parts;
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
