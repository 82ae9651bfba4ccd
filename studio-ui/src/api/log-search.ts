/** How logs are searched: one of them, and all. */

import { infiniteQueryOptions } from "@tanstack/react-query";
import { BASE } from "./base";
import { getJson, segment } from "./client";
import type { FoundLines, Sought } from "./types";
import { inWorkspace } from "./workspace";

/** Lines of one log that are found at most. */
export const MOST_HITS = 5000;
/** Lines of all logs that are asked for at once. */
const PAGE = 100;

function words({ text, regex, sensitive }: Sought): URLSearchParams {
  const query = new URLSearchParams({ q: text });
  if (regex) query.set("regex", "true");
  if (sensitive) query.set("case", "sensitive");
  return query;
}

/** The lines of a job's log, from one on, that match. */
export function searchLog(
  log: { run: string; job: string; attempt: number },
  sought: Sought,
  from: number,
  signal: AbortSignal,
): Promise<FoundLines> {
  const query = words(sought);
  query.set("job", log.job);
  query.set("attempt", String(log.attempt));
  query.set("from", String(from));
  query.set("limit", String(MOST_HITS));
  return getJson<FoundLines>(`/api/runs/${segment(log.run)}/logs/search?${query}`, signal);
}

/** Where the whole log of an attempt at a job is, as a text file. */
export function logFile(run: string, job: string, attempt: number): string {
  return inWorkspace(`${BASE}/api/runs/${segment(run)}/jobs/${segment(job)}/logs/raw?attempt=${attempt}`);
}

/** The lines of all logs that match, the newest run first. */
export function searchQuery(sought: Sought) {
  return infiniteQueryOptions({
    queryKey: ["log-search", sought],
    queryFn: ({ pageParam, signal }) => {
      const query = words(sought);
      query.set("limit", String(PAGE));
      if (pageParam !== undefined) query.set("cursor", pageParam);
      return getJson<FoundLines>(`/api/logs/search?${query}`, signal);
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    // What is wrong with a pattern does not get better.
    retry: false,
    refetchOnWindowFocus: false,
  });
}
