import { describe, expect, it } from "vitest";
import {
  elapsed,
  firstLine,
  formatAge,
  formatCount,
  formatDuration,
  formatFigure,
  formatMillis,
  formatMoment,
  formatRate,
  plural,
  runNumber,
  shortId,
  UNKNOWN,
} from "./format";

describe("formatDuration", () => {
  it.each([
    [0, "0 ms"],
    [340, "340 ms"],
    [999.4, "999 ms"],
    [1000, "1.0 s"],
    [9999, "9.9 s"],
    [10_000, "10 s"],
    [59_999, "59 s"],
    [60_000, "1m 00s"],
    [65_400, "1m 05s"],
    [3_599_999, "59m 59s"],
    [3_600_000, "1h 00m"],
    [90_000_000, "1d 01h"],
    [-5, "0 ms"],
  ])("writes %d ms as %s", (millis, text) => {
    expect(formatDuration(millis)).toBe(text);
  });

  it("writes what is unknown as unknown", () => {
    expect(formatDuration(undefined)).toBe(UNKNOWN);
    expect(formatDuration(Number.NaN)).toBe(UNKNOWN);
  });
});

it("writes measured numbers with as many digits as count", () => {
  const figures: [number | null | undefined, string][] = [
    [0, "0"],
    [-0, "0"],
    [0.001, "< 0.01"],
    [0.123, "0.12"],
    [1.26, "1.3"],
    [42, "42"],
    [42.04, "42"],
    [1234.5, "1,235"],
    [null, UNKNOWN],
    [undefined, UNKNOWN],
  ];
  for (const [value, text] of figures) expect(formatFigure(value)).toBe(text);
  expect(formatRate(18.25)).toBe("18.3/s");
  expect(formatRate(null)).toBe(UNKNOWN);
  expect([formatRate(-0), formatCount(-0)]).toEqual(["0/s", "0"]);
});

it("says that a text has more lines than the first", () => {
  expect([firstLine("one"), firstLine("one\ntwo"), firstLine("")]).toEqual(["one", "one …", ""]);
});

it("writes times that are parts of a millisecond", () => {
  expect([0, 0.012, 0.4, 3.14, 2500].map(formatMillis)).toEqual(["0 ms", "12 µs", "0.4 ms", "3.1 ms", "2.5 s"]);
  expect(formatMillis(undefined)).toBe(UNKNOWN);
});

describe("formatAge", () => {
  it("is calm about the last second and never in the future", () => {
    expect(formatAge(300)).toBe("now");
    expect(formatAge(-4000)).toBe("now");
    expect(formatAge(4999)).toBe("4 s ago");
    expect(formatAge(130_000)).toBe("2m 10s ago");
    expect(formatAge(undefined)).toBe(UNKNOWN);
  });
});

describe("elapsed", () => {
  const start = "2025-12-13T03:33:58.000Z";
  it("runs to the end, or to now while there is none", () => {
    expect(elapsed(start, "2025-12-13T03:34:00.500Z", 0)).toBe(2500);
    expect(elapsed(start, undefined, Date.parse(start) + 700)).toBe(700);
    expect(elapsed(undefined, undefined, 0)).toBeUndefined();
  });
});

describe("small words", () => {
  it("tells zero from unknown", () => {
    expect(formatCount(0)).toBe("0");
    expect(formatCount(undefined)).toBe(UNKNOWN);
    expect(formatCount(1234567)).toBe("1,234,567");
  });

  it("counts one in the singular", () => {
    expect(plural(1, "line")).toBe("1 line");
    expect(plural(1200, "line")).toBe("1,200 lines");
    expect(plural(2, "child", "children")).toBe("2 children");
  });

  it("shows a moment it cannot read as it came", () => {
    expect(formatMoment("yesterday")).toBe("yesterday");
    expect(formatMoment("2025-12-13T03:33:58.077Z")).toMatch(/^2025-12-1\d \d\d:\d\d:58$/);
  });

  it("cuts only long ids", () => {
    expect(runNumber({ runId: "01JD9ICVT89EMWPDR3S8", number: 138 })).toBe("#138");
    expect(runNumber({ runId: "01JD9ICVT89EMWPDR3S8" })).toBe("01JD…PDR3S8");
    expect(shortId("run-1")).toBe("run-1");
    expect(shortId("01JD9ICVT89EMWPDR3S8")).toBe("01JD…PDR3S8");
  });
});
