/** Which runs the page shows, as its address says it. */

import { RUN_WORDS, type RunWord, type RunWords } from "../../../api/run-words";

export type RunsSearch = RunWords & {
  /** By its name or file. */
  readonly workflow?: string;
};

export type RunsWord = RunWord | "workflow";

export function readRunsSearch(search: Record<string, unknown>): RunsSearch {
  const said = (["workflow", ...RUN_WORDS] as const).flatMap((word) => {
    const value = search[word];
    // The router reads `?branch=12` as a number.
    const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
    return text === "" ? [] : [[word, text]];
  });
  return Object.fromEntries(said) as RunsSearch;
}

/** Stretches of time to choose from, as the address has them. */
export const WHEN = [
  { label: "Last hour", since: "1h" },
  { label: "Today", since: "today" },
  { label: "Yesterday", since: "yesterday", until: "yesterday" },
  { label: "Last 7 days", since: "7d" },
  { label: "Last 30 days", since: "30d" },
] as const;

/** What to call the stretch that is shown; undefined when it is all time. */
export function whenOf({ since, until }: RunsSearch): string | undefined {
  if (since === undefined && until === undefined) return undefined;
  const known = WHEN.find((one) => one.since === since && ("until" in one ? one.until : undefined) === until);
  if (known) return known.label;
  return [since && `from ${since}`, until && `until ${until}`].filter(Boolean).join(" ");
}

/** The stretch of this name. */
export function stretchOf(label: string | null): { since: string | undefined; until: string | undefined } {
  const known = WHEN.find((one) => one.label === label);
  return { since: known?.since, until: known && "until" in known ? known.until : undefined };
}

/** The search with some words changed; those that are empty are left out. */
export function withWords(search: RunsSearch, change: { [W in RunsWord]?: string | undefined }): RunsSearch {
  return readRunsSearch({ ...search, ...change });
}
