/** Numbers in filters, with the units they were written in. */

const COUNTS = { "": 1, k: 1e3, M: 1e6 } as const;
const TIMES = { ns: 1e-6, us: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 3.6e6 } as const;
const OTHERS: Record<string, string> = { K: "k", µs: "us", μs: "us" };
const COMPARISONS = [">=", "<=", ">", "<", "="] as const;

export type Limit = { comparison: ">=" | "<=" | ">" | "<" | ""; number: number; unit: string };

/** Why a text is no number of a filter. */
export type NoLimit = "form" | "size";

export function readLimit(text: string, time: boolean): Limit | NoLimit {
  const sign = COMPARISONS.find((comparison) => text.startsWith(comparison)) ?? "";
  const [, digits = "", letters = ""] = /^([0-9.]*)([\s\S]*)$/.exec(text.slice(sign.length)) ?? [];
  const [whole = "", decimals = "0", ...more] = digits.split(".");
  if (whole === "" || decimals === "" || more.length > 0) return "form";
  const number = Number(digits);
  if (number >= 1e15 || decimals.length > 6) return "size";
  const unit = OTHERS[letters] ?? letters;
  if (!Object.hasOwn(time ? TIMES : COUNTS, unit)) return "form";
  return { comparison: sign === "=" ? "" : sign, number, unit };
}

const FACTORS: Readonly<Record<string, number>> = { ...COUNTS, ...TIMES };

/** In ones, or in milliseconds where it is a time. */
function value({ number, unit }: Limit): number {
  return number * (FACTORS[unit] ?? 1);
}

export function allows(limit: Limit, number: number): boolean {
  const bound = value(limit);
  switch (limit.comparison) {
    case ">":
      return number > bound;
    case ">=":
      return number >= bound;
    case "<":
      return number < bound;
    case "<=":
      return number <= bound;
    default:
      return number === bound;
  }
}
