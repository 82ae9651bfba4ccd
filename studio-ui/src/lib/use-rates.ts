import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import type { RateLine } from "../api/inside";
import { type RatesOf, ratesQuery } from "../api/inside-queries";
import type { WindowSeconds } from "./window";

/** Whoever scrolls on sees others soon: what comes into sight is asked for once, not row by row. */
const GATHER_MS = 150;

export type RateLines = ReadonlyMap<string, RateLine>;

/** The rates of those in sight, by name: one question for all of them, put again while they are looked at. */
export function useRates(of: RatesOf, inSight: readonly string[], window: WindowSeconds): RateLines {
  const latest = useRef(inSight);
  useEffect(() => {
    latest.current = inSight;
  });
  const { data, isFetching, refetch } = useQuery(ratesQuery(of, window, () => latest.current));
  const asked = new Set(data?.asked);
  const someMissing = data !== undefined && !isFetching && inSight.some((name) => !asked.has(name));
  useEffect(() => {
    if (!someMissing) return undefined;
    const timer = setTimeout(() => void refetch(), GATHER_MS);
    return () => clearTimeout(timer);
  }, [someMissing, refetch]);
  // Names are others' words: as keys of an object some would find what every object has.
  return useMemo(() => new Map(Object.entries(data?.lines ?? {})), [data]);
}
