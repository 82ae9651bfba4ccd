/** Texts in filters: letters in any case, with `*` for any of them. */

/** Letters that stand for themselves, or `undefined` for any letters. */
export type Piece = string | undefined;

export type Pattern = { pieces: readonly Piece[]; expression: { whole: RegExp; part: RegExp } };

export function pattern(parts: readonly Piece[]): Pattern {
  const pieces: Piece[] = [];
  for (const part of parts) {
    const last = pieces.length - 1;
    if (part === "") continue;
    if (pieces.length > 0 && typeof pieces[last] === "string" && part !== undefined) pieces[last] += part;
    else if (pieces.length === 0 || part !== undefined || pieces[last] !== undefined) pieces.push(part);
  }
  const source = pieces.map((piece) => (piece === undefined ? "[\\s\\S]*?" : escaped(piece.toLowerCase()))).join("");
  return { pieces, expression: { whole: new RegExp(`^${source}$`), part: new RegExp(source) } };
}

export function literal(text: string): Pattern {
  return pattern([text]);
}

/** Whether it stands for the text as a whole; what is not known is like the empty text. */
export function is(wanted: Pattern, text: string | undefined): boolean {
  return text === undefined ? wanted.pieces.length === 0 : wanted.expression.whole.test(text.toLowerCase());
}

/** Whether it stands for a part of the text. */
export function isIn(wanted: Pattern, text: string | undefined): boolean {
  return text !== undefined && wanted.expression.part.test(text.toLowerCase());
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
