/** The moment that the page shows, for components; and the way to another one. */

import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { getMoment, type Moment, onMoment } from "../api/moment";
import { recordingQuery } from "../api/recording";
import { formatMoment } from "./format";

export function useMoment(): Moment {
  return useSyncExternalStore(onMoment, getMoment);
}

/** Why nothing can be ordered of actors now: what is shown is past. */
export function usePastReason(): string | undefined {
  const { at } = useMoment();
  const { data } = useQuery(recordingQuery);
  if (data?.opened) return "This is a recording: nobody is there to take an order.";
  if (at === undefined) return undefined;
  return `What is shown is of ${formatMoment(new Date(at).toISOString())}; orders go to the present. Go back to live first.`;
}
