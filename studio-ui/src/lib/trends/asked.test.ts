import { afterEach, describe, expect, it, vi } from "vitest";
import type { MetricHistory } from "../../api/history";
import { askTrends, restOf, type TrendsAsked } from "./asked";

const NOW = 1_765_600_000_000;
const ASKED: TrendsAsked = { by: "all", metrics: ["rate", "errors"], filter: "", range: { last: "10m" }, limit: 8 };

/** The last ten minutes of these, as the studio would have told them at `to`. */
function history(names: string[], to = NOW, count = 600): MetricHistory {
  const series = names.map((name) => ({
    ...{ by: "type" as const, name, metric: "rate" as const, unit: "perSecond" as const },
    values: Array<number>(count).fill(1),
    max: Array<number>(count).fill(1),
  }));
  return { from: to - count * 1000, to, step: 1000, series, more: 0, leftOut: 0, since: 1 };
}

afterEach(() => vi.unstubAllGlobals());

describe("what came since", () => {
  it("is asked for from a little before what is known, in the same steps", () => {
    const known = { history: history(["all"]), wholeAt: NOW };
    expect(restOf(ASKED, known, NOW + 1400, NOW + 90_000)).toEqual({
      ...{ by: "all", metrics: ["rate", "errors"], filter: "", limit: 1 },
      ...{ from: NOW - 5000, to: NOW + 1000, points: 6 },
    });
  });

  it("is that of the names that are known, and now and then all is asked for", () => {
    const known = { history: history(["A::B", "C"]), wholeAt: NOW };
    const asked = { ...ASKED, by: "type" as const, filter: "wait:>5ms" };
    expect(restOf(asked, known, NOW + 1000, NOW)?.filter).toBe('wait:>5ms type:"A::B",C');
    expect(restOf({ ...asked, by: "actor" }, known, NOW + 1000, NOW)?.filter).toBe('wait:>5ms id:"A::B",C');
    expect(restOf(asked, known, NOW + 1000, NOW + 30_000)).toBeUndefined();
    const long = { history: history(["x".repeat(3000)]), wholeAt: NOW };
    expect(restOf(asked, long, NOW + 1000, NOW)).toBeUndefined();
  });

  it("is all of it where nothing is known, where it was long ago, and of longer ranges", () => {
    const known = { history: history(["all"]), wholeAt: NOW };
    expect(restOf(ASKED, { history: history([]), wholeAt: NOW }, NOW + 1000, NOW)).toBeUndefined();
    expect(restOf(ASKED, known, NOW + 700_000, NOW)).toBeUndefined();
    // This computer's clock was ahead when the first question was put.
    expect(restOf(ASKED, known, NOW - 60_000, NOW)).toBeUndefined();
    expect(restOf({ ...ASKED, range: { last: "2h" } }, known, NOW + 1000, NOW)).toBeUndefined();
    expect(restOf({ ...ASKED, range: { from: NOW - 9000, to: NOW } }, known, NOW + 1000, NOW)).toBeUndefined();
  });
});

it("moves on with small questions, and asks for all when the answer does not fit", async () => {
  const asked: URLSearchParams[] = [];
  let step = 1000;
  vi.stubGlobal("fetch", async (url: string) => {
    const wanted = new URLSearchParams(url.split("?")[1]);
    asked.push(wanted);
    const [from, to] = [Number(wanted.get("from")), Number(wanted.get("to"))];
    const answer = { ...history(["all"], to, (to - from) / 1000), step };
    return new Response(JSON.stringify(answer));
  });
  const at = (studioNow: number) => ({ studioNow, now: studioNow });
  const first = await askTrends(ASKED, undefined, at(NOW));
  expect(Object.fromEntries(asked[0] ?? [])).toEqual({
    ...{ by: "all", metric: "rate,errors", points: "601", limit: "8" },
    ...{ from: String(NOW - 600_000), to: String(NOW) },
  });
  const second = await askTrends(ASKED, first, at(NOW + 2000));
  expect(asked[1]?.get("from")).toBe(String(NOW - 5000));
  expect(second.history).toMatchObject({ from: NOW - 598_000, to: NOW + 2000 });
  expect(second.history.series[0]?.values).toHaveLength(600);
  step = 500;
  const third = await askTrends(ASKED, second, at(NOW + 4000));
  expect(asked).toHaveLength(4);
  expect([third.history.to, third.wholeAt]).toEqual([NOW + 4000, NOW + 4000]);
});
