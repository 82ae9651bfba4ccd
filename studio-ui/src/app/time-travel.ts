/** Keeps what is shown in step with the moment that the address names. */

import type { QueryClient } from "@tanstack/react-query";
import { isOfMoment, onMoment, setMoment } from "../api/moment";
import { recordingQuery } from "../api/recording";
import { serverClock } from "../lib/clock";
import type { AppRouter } from "./router";

/** The moment of an address, where it names one. */
export function readAt(at: unknown): number | undefined {
  const millis = Number(at);
  return Number.isInteger(millis) && millis > 0 && millis < 8.64e15 ? millis : undefined;
}

/** Answers what ends it. */
export function followTime(client: QueryClient, router: AppRouter): () => void {
  const ends: (() => void)[] = [];
  const forget = onMoment(() => {
    // What was asked for another moment is forgotten where nobody looks at it, and asked for anew where somebody does.
    const queries = { predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => isOfMoment(queryKey) };
    client.removeQueries({ ...queries, type: "inactive" });
    void client.invalidateQueries(queries);
  });
  const move = (at: number | undefined) => {
    const { opened, stretch } = client.getQueryData(recordingQuery.queryKey) ?? {};
    // Of a recording the end is what is shown where no moment is named: no time passes in it.
    serverClock.stand(at ?? (opened && stretch ? Date.parse(stretch.to) : undefined));
    setMoment(at);
  };
  const moved = () => move(readAt(new URLSearchParams(router.latestLocation.searchStr).get("at")));
  // Before the first question, and before those of each page that is gone to.
  moved();
  ends.push(forget, router.subscribe("onBeforeLoad", moved));
  ends.push(
    client.getQueryCache().subscribe(({ query, type }) => {
      if (type === "updated" && query.queryKey[0] === recordingQuery.queryKey[0]) moved();
    }),
  );
  return () => {
    for (const end of ends) end();
    move(undefined);
  };
}
