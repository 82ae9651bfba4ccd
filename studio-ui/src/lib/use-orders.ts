import { useCallback, useEffect, useRef, useState } from "react";

export type Orders = {
  /** Things whose order is on its way. */
  pending: ReadonlySet<string>;
  /** The last order that was refused. */
  refused: { thing: string; error: Error } | undefined;
  give: (thing: string) => void;
};

const NONE: ReadonlySet<string> = new Set();

/** Orders about things, such as to start a workflow: one at a time for each, so that a double click is one order. */
export function useOrders<T>(
  send: (thing: string) => Promise<T>,
  onDone?: (answer: T, thing: string) => unknown,
): Orders {
  const [pending, setPending] = useState(NONE);
  const [refused, setRefused] = useState<Orders["refused"]>(undefined);
  // What is on its way is known before React draws: a second click may come earlier.
  const underWay = useRef(new Set<string>());
  const latest = useRef({ send, onDone });
  useEffect(() => {
    latest.current = { send, onDone };
  });
  const give = useCallback(async (thing: string) => {
    if (underWay.current.has(thing)) return;
    underWay.current.add(thing);
    setPending(new Set(underWay.current));
    setRefused(undefined);
    try {
      const answer = await latest.current.send(thing);
      await latest.current.onDone?.(answer, thing);
    } catch (cause) {
      setRefused({ thing, error: cause instanceof Error ? cause : new Error(String(cause)) });
    } finally {
      underWay.current.delete(thing);
      setPending(new Set(underWay.current));
    }
  }, []);
  return { pending, refused, give: (thing) => void give(thing) };
}
