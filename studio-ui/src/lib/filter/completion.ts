/** What the word that is being typed may become: keys, and the values that there are. */

import type { Facets } from "../facets";
import { printPattern } from "./filter";
import { example, isField, isTime, KEYS, keyOf, NATURES } from "./keys";
import { literal } from "./pattern";

const MOST = 8;

export type Completion = {
  /** The whole filter with it. */
  filter: string;
  /** What stands for the word. */
  word: string;
  /** What it is for. */
  hint: string;
};

export function completions(typed: string, selection: Pick<Facets, "statuses" | "types">): Completion[] {
  const [, before = "", sign = "", word = ""] = /^([\s\S]*?)(-?)([^\s"]*)$/.exec(typed) ?? [];
  if (before !== "" && !/\s$/.test(before)) return [];
  const all = word.includes(":") ? values(word, selection) : keys(word);
  return all
    .filter((option) => option.word !== word)
    .slice(0, MOST)
    .map((option) => ({ ...option, filter: `${before}${sign}${option.word}` }));
}

function keys(word: string): Omit<Completion, "filter">[] {
  const lower = word.toLowerCase();
  return KEYS.filter((key) => key.startsWith(lower)).map((key) => ({
    word: `${key}:`,
    hint: example(key).replaceAll("`", ""),
  }));
}

function values(word: string, { statuses, types }: Pick<Facets, "statuses" | "types">): Omit<Completion, "filter">[] {
  const colon = word.indexOf(":");
  const key = keyOf(word.slice(0, colon));
  if (key === undefined) return [];
  const comma = Math.max(word.lastIndexOf(","), colon);
  const [fixed, begun] = [word.slice(0, comma + 1), word.slice(comma + 1).toLowerCase()];
  const known =
    key === "type"
      ? types
      : key === "state"
        ? statuses
        : key === "is"
          ? NATURES.map((nature) => ({ word: nature, count: undefined }))
          : [];
  if (known.length === 0 && begun === "" && key !== "is" && !isField(key)) {
    return [{ word: `${fixed}>`, hint: isTime(key) ? "longer than" : "more than" }];
  }
  return known
    .filter((value) => value.word.toLowerCase().startsWith(begun))
    .map((value) => ({
      word: `${fixed}${printPattern(literal(value.word === "unknown" ? "" : value.word))}`,
      hint: value.count === undefined ? "" : String(value.count),
    }));
}
