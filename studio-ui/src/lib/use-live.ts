/** How components read the live side; the object itself is made once by the app. */

import { createContext, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { serverClock } from "./clock";
import type { Connection } from "./live/connection";
import type { Live } from "./live/live";
import { pauseAfter } from "./refresh";
import type { Store } from "./store";
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

/**
 * Keeps the actors while somebody looks, and reads all of them again now and then: heartbeats and uptimes are computed by the studio when it is
 * asked, and no frame tells of them. The larger the list, the longer the pause.
 */
export function useFreshActors(): void {
  const live = useLive();
  useEffect(() => live.watchActors(), [live]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let over = false;
    const next = (pause: number) => {
      timer = setTimeout(async () => {
        const started = performance.now();
        if (!document.hidden) await live.refreshActors();
        if (!over) next(pauseAfter(performance.now() - started, live.actors.size));
      }, pause);
    };
    next(pauseAfter(0, 0));
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [live]);
}

/** Tells the studio that an actor, or who sends to whom, is looked at while a part of the page is there. */
export function useLook(actor: string | undefined, map = false): void {
  const { attention } = useLive();
  useEffect(() => attention.look({ ...(actor !== undefined && { actor }), map }), [attention, actor, map]);
}

/** What a store holds, read at most once a period however often it changes: in between nothing is drawn at all. */
export function useThrottledStore<T>(store: Store<T>, period: number): T {
  const [value, setValue] = useState(store.get);
  useEffect(() => {
    let readAt = Number.NEGATIVE_INFINITY;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = () => {
      timer = undefined;
      readAt = Date.now();
      setValue(store.get());
    };
    setValue(store.get());
    const forget = store.subscribe(() => {
      timer ??= setTimeout(read, Math.max(0, readAt + period - Date.now()));
    });
    return () => {
      forget();
      clearTimeout(timer);
    };
  }, [store, period]);
  return value;
}
