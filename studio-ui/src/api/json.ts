/**
 * JSON as it was written: whole numbers that a JavaScript number cannot hold stay exact. They calculate as numbers do, with their
 * nearest value; whoever shows them takes their text (`formatCount`, `printJson`).
 */

/** A whole number beyond what a number holds exactly. */
export class BigCount extends Number {
  /** Its digits, with a sign where it has one. */
  readonly text: string;

  constructor(text: string) {
    super(text);
    this.text = text;
  }

  override toString(): string {
    return this.text;
  }

  toJSON(): string {
    // Only `printJson` writes it as a number; as a text nothing is lost.
    return this.text;
  }
}

/** As `JSON.parse`; throws what that throws. */
export function parseJson(text: string): unknown {
  if (!LONG.test(text)) return JSON.parse(text);
  let found = false;
  const marked = text.replace(TOKENS, (token) => {
    if (token.startsWith('"') || !isBig(token)) return token;
    found = true;
    return `"${MARK}${token}"`;
  });
  if (!found) return JSON.parse(text);
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === "string" && value.startsWith(MARK) ? new BigCount(value.slice(MARK.length)) : value,
  );
}

/** A whole number as it was typed. */
export function wholeNumber(text: string): number | BigCount | undefined {
  const trimmed = text.trim();
  if (!/^-?\d+$/.test(trimmed)) return undefined;
  return isBig(trimmed) ? new BigCount(trimmed.replace(/^(-?)0+(?=\d)/, "$1")) : Number(trimmed);
}

/** As `JSON.stringify`, with the numbers as they were read; `indent` in spaces. */
export function printJson(value: unknown, indent = 0): string {
  return print(value, indent, "") ?? "null";
}

/** Text in quotes, so that a number in it is none, and numbers. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** What has no such row of digits has no such number: most answers are read at once. */
const LONG = /\d{16}/;
/** Made anew for each page, so that no text from outside can be taken for it. */
const MARK = `big:${Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("")}:`;

function isBig(token: string): boolean {
  return /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token));
}

/** `undefined` for what JSON has no word for. */
function print(value: unknown, indent: number, margin: string): string | undefined {
  if (value instanceof BigCount) return value.text;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = margin + " ".repeat(indent);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const parts = Array.isArray(value)
    ? value.map((part) => print(part, indent, inner) ?? "null")
    : Object.entries(value).flatMap(([key, part]) => {
        const text = print(part, indent, inner);
        return text === undefined ? [] : [`${JSON.stringify(key)}:${indent > 0 ? " " : ""}${text}`];
      });
  if (parts.length === 0 || indent === 0) return open + parts.join() + close;
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${margin}${close}`;
}
