import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ApiError } from "../../api/client";
import { serverClock } from "../clock";
import { useMoment } from "../use-moment";
import { askTrends, type Trends, type TrendsAsked } from "./asked";
import { refreshOf } from "./range";

/** How long an answer may take. */
const PATIENCE_MS = 8000;
/** How soon it is asked again after a question that failed. */
const AGAIN_MS = 3000;

/** How long it is kept that nobody looks at. */
const KEPT_MS = 30_000;

/** The history that is asked for; where it reaches to now it goes on while it is looked at. A question that fails leaves what is known. */
export function useTrends(asked: TrendsAsked, enabled = true) {
  const { at } = useMoment();
  return useQuery({
    queryKey: ["trends", asked, at],
    queryFn: async ({ client, queryKey, signal }) => {
      const known = client.getQueryData<Trends>(queryKey);
      const patience = AbortSignal.timeout(PATIENCE_MS);
      try {
        const both = AbortSignal.any([signal, patience]);
        return await askTrends(asked, known, { studioNow: at ?? serverClock.now(), now: Date.now(), signal: both });
      } catch (cause) {
        if (!patience.aborted || signal.aborted) throw cause;
        throw new ApiError(0, `The studio did not answer within ${PATIENCE_MS / 1000} seconds.`);
      }
    },
    enabled,
    retry: false,
    // Only its end is new: nothing that is drawn needs comparing.
    structuralSharing: false,
    placeholderData: keepPreviousData,
    // It is much, and out of date soon.
    gcTime: KEPT_MS,
    refetchInterval: ({ state }) => {
      // What has been stays as it is.
      if (at !== undefined) return false;
      const every = refreshOf(asked.range, serverClock.now());
      if (every === false) return state.error ? AGAIN_MS : false;
      return state.error ? Math.max(AGAIN_MS, every) : every;
    },
  });
}
