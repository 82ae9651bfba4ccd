/** How components read the live side; the object itself is made once by the app. */

import { createContext, useContext, useEffect, useSyncExternalStore } from "react";
import { serverClock } from "./clock";
import type { Connection } from "./live/connection";
import type { Live } from "./live/live";
import { useNow } from "./use-now";

export const LiveContext = createContext<Live | undefined>(undefined);

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === undefined) throw new Error("useLive needs a LiveContext around it");
  return live;
}

export function useConnection(): Connection {
  const { connection } = useLive().socket;
  return useSyncExternalStore(connection.subscribe, connection.get);
}

/** Only since when there is no line; undefined while there is one. */
export function useClosedAt(): number | undefined {
  const { connection } = useLive().socket;
  return useSyncExternalStore(connection.subscribe, () => connection.get().closedAt);
}

/** Only whether there is a line, so that a row is not drawn anew with every frame. */
export function useIsConnected(): boolean {
  const { connection } = useLive().socket;
  return useSyncExternalStore(connection.subscribe, () => connection.get().open);
}

/** The studio's time as far as it has told us: it stands where the line broke, so that nothing seems to go on. */
export function useToldNow(period: "second" | "tenth"): number {
  const now = useNow(period);
  const { connection } = useLive().socket;
  const heardAt = useSyncExternalStore(connection.subscribe, () => {
    const { open, lastFrameAt } = connection.get();
    return open ? undefined : lastFrameAt;
  });
  return heardAt === undefined ? now : Math.min(now, serverClock.at(heardAt));
}

/** Tells the studio that an actor, or who sends to whom, is looked at while a part of the page is there. */
export function useLook(actor: string | undefined, map = false): void {
  const { attention } = useLive();
  useEffect(() => attention.look({ ...(actor !== undefined && { actor }), map }), [attention, actor, map]);
}
