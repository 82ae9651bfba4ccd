import { afterEach, describe, expect, it } from "vitest";
import { ApiError } from "./client";
import { insideKeys } from "./inside-queries";
import { asOfMoment, getMoment, isOfMoment, refusedAt, setMoment } from "./moment";
import { keys } from "./queries";

const AT = 1_765_596_838_077;

describe("the moment that is shown", () => {
  afterEach(() => void setMoment(undefined));

  it("is asked for with every read of actors, and with nothing else", () => {
    expect(asOfMoment("/api/actors/a%2Fb")).toBe("/api/actors/a%2Fb");
    setMoment(AT);
    for (const path of [
      "/api/actors/a%2Fb",
      "/api/actors/a/messages?window=60",
      "/api/actors/a/history",
      "/api/v1/actors?limit=1",
      "/api/types?window=60",
      "/api/rates",
      "/api/tree",
      "/api/map?group=type",
      "/api/lints",
      "/api/metrics",
      "/api/journal?limit=1",
      "/api/journal/a",
    ]) {
      expect(asOfMoment(path)).toBe(`${path}${path.includes("?") ? "&" : "?"}at=${AT}`);
    }
    for (const path of ["/api/session", "/api/runs/1", "/api/actors/a/stop", "/api/orders?limit=1", "/api/recording"]) {
      expect(asOfMoment(path)).toBe(path);
    }
    expect(asOfMoment("/api/actors/a?at=5")).toBe("/api/actors/a?at=5");
  });

  it("is that of everything that is remembered of actors", () => {
    for (const make of [keys.metrics, keys.ofStatus("failed"), ...Object.values(insideKeys).map((key) => keyOf(key))]) {
      expect(isOfMoment(make), String(make)).toBe(true);
    }
    for (const other of [keys.session, keys.status, keys.workflows, keys.runs(), ["snapshots", "a"]]) {
      expect(isOfMoment(other), String(other)).toBe(false);
    }
  });

  it("says why it can't be seen, until another one is shown", () => {
    const gone = new ApiError(410, "not recorded", { code: "before_recording" });
    refusedAt(`/api/lints?at=${AT}`, gone);
    expect(getMoment().problem).toBeUndefined();
    setMoment(AT);
    refusedAt(`/api/lints?at=${AT - 1}`, gone);
    refusedAt(`/api/actors/a?at=${AT}`, new ApiError(404, "no actor", { code: "unknown_actor" }));
    expect(getMoment().problem).toBeUndefined();
    refusedAt(`/api/lints?at=${AT}`, gone);
    expect(getMoment()).toEqual({ at: AT, problem: gone });
    setMoment(undefined);
    expect(getMoment()).toEqual({ at: undefined, problem: undefined });
  });
});

function keyOf(key: unknown): readonly unknown[] {
  const made = typeof key === "function" ? (key as (...asked: unknown[]) => unknown)("a", 60, "") : key;
  return made as readonly unknown[];
}
