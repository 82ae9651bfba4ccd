/** The studio's time, ticking. All readers of one period share one timer, and none runs while nobody reads. */

import { useSyncExternalStore } from "react";
import { serverClock } from "./clock";

class Ticker {
  #now = serverClock.now();
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #period: number;

  constructor(period: number) {
    this.#period = period;
  }

  get = (): number => this.#now;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#timer === undefined) {
      this.#tick();
      this.#timer = setInterval(this.#tick, this.#period);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  };

  #tick = (): void => {
    this.#now = serverClock.now();
    for (const listener of this.#listeners) listener();
  };
}

const SECOND = new Ticker(1000);
const TENTH = new Ticker(100);

/** Whole seconds are enough for ages; a running step shows tenths. */
export function useNow(period: "second" | "tenth" = "second"): number {
  const ticker = period === "second" ? SECOND : TENTH;
  return useSyncExternalStore(ticker.subscribe, ticker.get);
}
