/** Filters from texts. Takes any text and tells the first mistake. */

import type { Condition, Filter, Term } from "./filter";
import { example, isField, isTime, KEYS, type Key, keyOf, type Measure, NATURES, type Nature } from "./keys";
import { type Limit, readLimit } from "./number";
import { type Piece, pattern } from "./pattern";

const LETTERS = 2000;
const VALUES = 64;
const SPACES = " \t\n\r\u00a0";

/** A mistake; places are counted in Unicode characters. */
export type InvalidFilter = { code: string; start: number; end: number; message: string };

export type Read = { filter: Filter; error?: undefined } | { filter?: undefined; error: InvalidFilter };

export function readFilter(text: string): Read {
  try {
    return { filter: new Reader(text).filter() };
  } catch (thrown) {
    if (thrown instanceof Fault) return { error: thrown.told };
    throw thrown;
  }
}

class Fault extends Error {
  constructor(readonly told: InvalidFilter) {
    super(told.message);
  }
}

function fail(code: string, start: number, end: number, message: string): never {
  throw new Fault({ code, start, end, message });
}

type Written = { parts: Piece[]; start: number; end: number };

class Reader {
  readonly #letters: readonly string[];
  #at = 0;
  #values = 0;

  constructor(text: string) {
    this.#letters = [...text];
    if (this.#letters.length > LETTERS) {
      fail("too_long", LETTERS, LETTERS + 1, `a filter has at most ${LETTERS} characters`);
    }
  }

  filter(): Filter {
    const terms: Term[] = [];
    for (;;) {
      while (isSpace(this.#letters[this.#at])) this.#at += 1;
      if (this.#at >= this.#letters.length) return terms;
      terms.push(this.#term());
    }
  }

  #term(): Term {
    const next = this.#letters[this.#at + 1];
    const negated = this.#letters[this.#at] === "-" && next !== undefined && !isSpace(next);
    if (negated) this.#at += 1;
    const key = this.#key();
    if (key !== undefined) return { negated, condition: this.#condition(key) };
    return { negated, condition: { of: "text", pattern: pattern(this.#value(false).parts) } };
  }

  /** Letters and a colon. Two colons are of a name (`module::Type`), which is a text. */
  #key(): Key | undefined {
    const start = this.#at;
    let end = start;
    while (/^[A-Za-z]$/.test(this.#letters[end] ?? "")) end += 1;
    if (end === start || this.#letters[end] !== ":" || this.#letters[end + 1] === ":") return undefined;
    this.#at = end + 1;
    const word = this.#text(start, end);
    const key = keyOf(word);
    if (key !== undefined) return key;
    const known = meant(word);
    const instead = known
      ? `did you mean \`${known}:\`?`
      : `there are ${KEYS.join(", ")}; a text with a colon goes in quotes`;
    return fail("unknown_key", start, end, `there is no key \`${word}\`; ${instead}`);
  }

  #condition(key: Key): Condition {
    const values: Written[] = [];
    for (;;) {
      const value = this.#value(true);
      if (value.start === value.end) {
        fail("missing_value", value.start, value.start + 1, `\`${key}:\` wants a value here, ${example(key)}`);
      }
      values.push(value);
      if (this.#letters[this.#at] !== ",") break;
      this.#at += 1;
    }
    if (key === "is") return { of: "is", natures: values.map((value) => this.#nature(value)) };
    if (isField(key)) return { of: "field", field: key, patterns: values.map(({ parts }) => pattern(parts)) };
    return { of: "measure", measure: key, limits: values.map((value) => this.#limit(key, value)) };
  }

  #limit(measure: Measure, { start, end }: Written): Limit {
    const text = this.#text(start, end);
    // How rates are said.
    const limit = readLimit(measure === "rate" ? text.replace(/\/s$/, "") : text, isTime(measure));
    if (typeof limit !== "string") return limit;
    if (limit === "size")
      fail("invalid_number", start, end, "a number has at most 15 digits and 6 more after the point");
    const wanted = isTime(measure) ? "a time with ns, us, ms, s, m or h" : "a number, also with k or M";
    return fail("invalid_number", start, end, `\`${measure}:\` wants ${wanted}, ${example(measure)}`);
  }

  #nature({ start, end }: Written): Nature {
    const word = this.#text(start, end).toLowerCase();
    const nature = NATURES.find((known) => known === word);
    return nature ?? fail("unknown_value", start, end, `\`is:\` knows ${NATURES.join(", ")}`);
  }

  /** Bare letters and quoted ones, up to where a value ends. */
  #value(commas: boolean): Written {
    const start = this.#at;
    const parts: Piece[] = [];
    for (;;) {
      const letter = this.#letters[this.#at];
      if (letter === undefined || isSpace(letter) || (commas && letter === ",")) break;
      this.#at += 1;
      if (letter === "*") parts.push(undefined);
      else parts.push(letter === '"' ? this.#quoted() : letter);
    }
    this.#values += 1;
    if (this.#values > VALUES) fail("too_long", start, this.#at, `a filter has at most ${VALUES} values`);
    return { parts, start, end: this.#at };
  }

  /** What stands between quotes; the first one is read. */
  #quoted(): string {
    const start = this.#at - 1;
    let text = "";
    for (;;) {
      const letter = this.#letters[this.#at];
      if (letter === undefined) {
        fail("open_quote", start, this.#at, 'this quote has no end; `\\"` is a quote within a text');
      }
      this.#at += 1;
      const next = this.#letters[this.#at];
      if (letter === '"') return text;
      if (letter === "\\" && (next === '"' || next === "\\")) {
        this.#at += 1;
        text += next;
      } else {
        text += letter;
      }
    }
  }

  #text(start: number, end: number): string {
    return this.#letters.slice(start, end).join("");
  }
}

function isSpace(letter: string | undefined): boolean {
  return letter !== undefined && SPACES.includes(letter);
}

/** The key that was most likely meant: at most two letters away. */
function meant(word: string): string | undefined {
  let best: { key: string; steps: number } | undefined;
  for (const key of KEYS) {
    const steps = distance(word.toLowerCase(), key);
    if (best === undefined || steps < best.steps) best = { key, steps };
  }
  return best && best.steps <= 2 && best.steps < best.key.length ? best.key : undefined;
}

/** Letters to add, remove or replace between two words. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  [...from].slice(0, 32).forEach((letter, line) => {
    const next = [line + 1];
    for (let column = 0; column < to.length; column += 1) {
      const replaced = (row[column] ?? 0) + Number(to[column] !== letter);
      next.push(Math.min(replaced, (next[column] ?? 0) + 1, (row[column + 1] ?? 0) + 1));
    }
    row = next;
  });
  return row[to.length] ?? 0;
}
