/** Terminal text as styled pieces. Colours become classes of ours, so that both themes can read them. */

import Anser from "anser";

export type Piece = { text: string; className: string; color?: string; background?: string };

/** Characters of one line that are drawn; the rest is counted. */
export const MOST_CHARACTERS = 4000;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const TITLES_AND_LINKS = /\u001b\].*?(?:\u0007|\u001b\\)/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const MOVEMENTS = /\u001b\[[0-9;?]*[A-LN-Za-ln-z]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const OTHER_CONTROLS = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g;

export function parseAnsi(line: string): Piece[] {
  const clean = overwritten(line).replace(TITLES_AND_LINKS, "").replace(MOVEMENTS, "").replace(OTHER_CONTROLS, "");
  if (!clean.includes("\u001b")) return clean === "" ? [] : [{ text: clean, className: "" }];
  return Anser.ansiToJson(clean, { use_classes: true, remove_empty: true }).map((entry) => {
    const piece: Piece = { text: entry.content, className: classes(entry.fg, entry.bg, entry.decorations) };
    const color = colour(entry.fg, entry.fg_truecolor);
    const background = colour(entry.bg, entry.bg_truecolor);
    if (color !== undefined) piece.color = color;
    if (background !== undefined) piece.background = background;
    return piece;
  });
}

/** A progress bar rewrites its line; the last writing is what a terminal would show. */
function overwritten(line: string): string {
  const trimmed = line.replace(/\r+$/, "");
  return trimmed.slice(trimmed.lastIndexOf("\r") + 1);
}

function classes(fg: string | null, bg: string | null, decorations: readonly string[]): string {
  const names = decorations.map((word) => `ansi-${word}`);
  if (fg && NAMED.test(fg)) names.push(fg);
  if (bg && NAMED.test(bg)) names.push(`${bg}-bg`);
  return names.join(" ");
}

const NAMED = /^ansi-(?:bright-)?(?:black|red|green|yellow|blue|magenta|cyan|white)$/;

/** The colours that have no name: the 256-colour cube, its greys, and true colour. */
function colour(name: string | null, truecolor: string | null): string | undefined {
  if (name === "ansi-truecolor" && truecolor) return `rgb(${truecolor})`;
  const index = Number(/^ansi-palette-(\d+)$/.exec(name ?? "")?.[1]);
  if (Number.isNaN(index) || index > 255) return undefined;
  if (index >= 232) {
    const grey = 8 + 10 * (index - 232);
    return `rgb(${grey}, ${grey}, ${grey})`;
  }
  const level = (step: number) => (step === 0 ? 0 : 55 + 40 * step);
  const cube = index - 16;
  return `rgb(${level(Math.floor(cube / 36))}, ${level(Math.floor(cube / 6) % 6)}, ${level(cube % 6)})`;
}
