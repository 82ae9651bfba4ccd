/** The words by which lists of runs are filtered: those of the API, of `runs list`, and of the page's address. */

export const RUN_WORDS = ["state", "branch", "event", "actor", "since", "until", "text"] as const;

export type RunWord = (typeof RUN_WORDS)[number];

export type RunWords = { readonly [W in RunWord]?: string };

/** A day, as the address has it. */
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

/** As the API is asked: days are those of this computer, which the studio does not know. */
export function asked(words: RunWords, now: Date): RunWords {
  const since = words.since === undefined ? undefined : dayOf(words.since, now);
  const until = words.until === undefined ? undefined : dayOf(words.until, now);
  return {
    ...words,
    ...(since && { since: since.toISOString() }),
    ...(until && { until: new Date(until.getFullYear(), until.getMonth(), until.getDate() + 1).toISOString() }),
  };
}

/** The begin of a day that a word names. */
function dayOf(word: string, now: Date): Date | undefined {
  if (word === "today") return new Date(now.getFullYear(), now.getMonth(), now.getDate());
  if (word === "yesterday") return new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  const [, year, month, day] = DATE.exec(word) ?? [];
  if (year === undefined) return undefined;
  const begin = new Date(Number(year), Number(month) - 1, Number(day));
  // What is no day of the calendar the studio refuses, in its words.
  return begin.getMonth() === Number(month) - 1 ? begin : undefined;
}

/** The same words in one text, in one order. */
export function wordsKey(words: RunWords): string {
  const said = RUN_WORDS.flatMap((word) =>
    words[word] === undefined ? [] : [[word, words[word]] as [string, string]],
  );
  return new URLSearchParams(said).toString();
}
