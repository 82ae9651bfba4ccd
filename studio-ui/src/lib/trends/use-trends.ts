import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { serverClock } from "../clock";
import { askTrends, type Trends, type TrendsAsked } from "./asked";
import { refreshOf } from "./range";

/** How long an answer may take. */
const PATIENCE_MS = 8000;
/** How soon it is asked again after a question that failed. */
const AGAIN_MS = 3000;

/** The history that is asked for; where it reaches to now it goes on while it is looked at. A question that fails leaves what is known. */
export function useTrends(asked: TrendsAsked, enabled = true) {
  return useQuery({
    queryKey: ["trends", asked],
    queryFn: ({ client, queryKey, signal }) => {
      const known = client.getQueryData<Trends>(queryKey);
      const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
      return askTrends(asked, known, { studioNow: serverClock.now(), now: Date.now(), signal: patience });
    },
    enabled,
    retry: false,
    // Only its end is new: nothing that is drawn needs comparing.
    structuralSharing: false,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => {
      const every = refreshOf(asked.range, serverClock.now());
      if (every === false) return state.error ? AGAIN_MS : false;
      return state.error ? Math.max(AGAIN_MS, every) : every;
    },
  });
}
