import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { runsQuery } from "../api/queries";
import type { RunWords } from "../api/run-words";
import type { RunSummary } from "../api/types";

const NONE: readonly RunSummary[] = [];

export type Runs = {
  /** The newest first, as far as they have been asked for. */
  runs: readonly RunSummary[];
  /** How many there are; undefined before the first answer. */
  total: number | undefined;
  error: Error | null;
  retry: () => void;
  /** Undefined when all are here. */
  more: (() => void) | undefined;
  loadingMore: boolean;
};

const NO_WORDS: RunWords = {};

type Wanted = {
  /** Not asked for while there can be none. */ enabled?: boolean /** By what else they are filtered. */;
  words?: RunWords;
};

/** The history, of one workflow or of all, page by page. */
export function useRuns(workflow?: string, { enabled = true, words = NO_WORDS }: Wanted = {}): Runs {
  const query = useInfiniteQuery({ ...runsQuery(workflow, words), enabled });
  const runs = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? NONE, [query.data]);
  return {
    runs,
    total: query.data?.pages[0]?.total,
    error: query.error,
    retry: () => void query.refetch(),
    more: query.hasNextPage ? () => void query.fetchNextPage() : undefined,
    loadingMore: query.isFetchingNextPage,
  };
}
