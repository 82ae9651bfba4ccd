import { describe, expect, it } from "vitest";
import { scaleOf } from "./scale";
import { timeMarks } from "./time-axis";
import { formatBytes, formatStep, formatTick, formatValue } from "./words";

describe("the scale", () => {
  it("ends at a round number that nothing exceeds, with a few lines between", () => {
    expect(scaleOf("perSecond", 37)).toEqual({ top: 40, ticks: [0, 10, 20, 30, 40] });
    expect(scaleOf("perSecond", undefined)).toEqual({ top: 1, ticks: [0, 0.5, 1] });
    expect(scaleOf("count", 1).ticks).toEqual([0, 1, 2, 3, 4]);
    expect(scaleOf("share", 0.31).ticks).toEqual([0, 0.1, 0.2, 0.3, 0.4]);
    expect(scaleOf("bytes", 700 * 1024 ** 2).ticks.map((tick) => formatTick("bytes", tick))).toEqual([
      "0 B",
      "256 MiB",
      "512 MiB",
      "768 MiB",
    ]);
    expect(scaleOf("ms", 100_000).ticks).toEqual([0, 30_000, 60_000, 90_000, 120_000]);
  });

  it("holds for every size", () => {
    for (const unit of ["perSecond", "count", "ms", "bytes", "cores", "share"] as const) {
      for (let most = 1e-9; most < 1e15; most *= 1.7) {
        const { top, ticks } = scaleOf(unit, most);
        expect(top, `${unit} ${most}`).toBeGreaterThanOrEqual(most * (1 - 1e-9));
        expect(ticks.length).toBeLessThanOrEqual(5);
        expect(ticks.length).toBeGreaterThan(1);
      }
    }
    for (const most of [Number.NaN, Number.POSITIVE_INFINITY, -1]) expect(scaleOf("ms", most).top).toBe(1);
  });
});

describe("words", () => {
  it("have the unit", () => {
    expect(formatValue("perSecond", 12.34)).toBe("12.3/s");
    expect(formatValue("ms", 0.4)).toBe("0.4 ms");
    expect(formatValue("bytes", 1536)).toBe("1.5 KiB");
    expect(formatValue("cores", 1)).toBe("1 core");
    expect(formatValue("cores", 0.5)).toBe("0.5 cores");
    expect(formatValue("share", 0.125)).toBe("12.5 %");
    expect(formatValue("count", null)).toBe("–");
    expect([formatBytes(1023.9), formatBytes(0), formatBytes(5 * 1024 ** 4)]).toEqual(["1 KiB", "0 B", "5 TiB"]);
  });

  it("are short at the side of a picture", () => {
    expect([0, 500, 1500, 2_000_000].map((value) => formatTick("perSecond", value))).toEqual([
      "0",
      "500",
      "1.5k",
      "2M",
    ]);
    expect([0, 0.25, 50, 1500, 60_000, 90_000, 7_200_000].map((value) => formatTick("ms", value))).toEqual([
      "0",
      "250 µs",
      "50 ms",
      "1.5 s",
      "1m",
      "1m 30s",
      "2h",
    ]);
    expect(formatTick("share", 0.5)).toBe("50 %");
  });

  it("name a step by its second, or by its ends where it is long", () => {
    const at = new Date(2025, 11, 1, 14, 5, 0).getTime();
    expect(formatStep(at, 1000, true)).toBe("14:05:00");
    expect(formatStep(at, 120_000, false)).toBe("Mon 1 Dec 14:05–14:07");
  });
});

describe("the marks of time", () => {
  const at = (...parts: [number, number, number, number?, number?, number?]) => new Date(...parts).getTime();

  it("are at round moments", () => {
    const from = at(2025, 11, 1, 14, 3, 20);
    expect(timeMarks(from, from + 600_000, 6).map(({ label }) => label)).toEqual([
      "14:04",
      "14:06",
      "14:08",
      "14:10",
      "14:12",
    ]);
    expect(timeMarks(from, from + 10_000, 5).map(({ label }) => label)).toEqual([
      "14:03:20",
      "14:03:22",
      "14:03:24",
      "14:03:26",
      "14:03:28",
      "14:03:30",
    ]);
  });

  it("name the day at midnight", () => {
    const from = at(2025, 10, 30, 20, 0, 0);
    expect(timeMarks(from, from + 8 * 3_600_000, 5).map(({ label }) => label)).toEqual([
      "20:00",
      "22:00",
      "Mon 1 Dec",
      "02:00",
      "04:00",
    ]);
    expect(timeMarks(from, from + 7 * 86_400_000, 8).map(({ label }) => label)[0]).toBe("Mon 1 Dec");
  });

  it("are few for every length, and within it", () => {
    for (let length = 3000; length < 1e11; length *= 1.9) {
      const from = at(2025, 9, 25, 23, 59, 31);
      const marks = timeMarks(from, from + length, 6);
      expect(marks.length, String(length)).toBeGreaterThan(0);
      expect(marks.length).toBeLessThanOrEqual(8);
      for (const { at } of marks) expect(at >= from && at <= from + length).toBe(true);
    }
  });
});
