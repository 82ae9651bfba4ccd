import { describe, expect, it } from "vitest";
import { asked, wordsKey } from "./run-words";

describe("the words of runs", () => {
  it("are asked for with the days of this computer, whole", () => {
    const now = new Date(2026, 10, 30, 15, 4);
    const day = (date: number) => new Date(2026, 10, date).toISOString();
    expect(asked({ since: "yesterday", until: "yesterday" }, now)).toEqual({ since: day(29), until: day(30) });
    expect(asked({ since: "today" }, now)).toEqual({ since: day(30) });
    expect(asked({ until: "2026-11-01" }, now)).toEqual({ until: day(2) });
    expect(asked({ state: "failure", since: "2h", until: "soon" }, now)).toEqual({
      state: "failure",
      since: "2h",
      until: "soon",
    });
    expect(asked({ since: "2026-13-01" }, now)).toEqual({ since: "2026-13-01" });
  });

  it("have one order", () => {
    expect(wordsKey({ until: "today", state: "lost" })).toBe(wordsKey({ state: "lost", until: "today" }));
    expect(wordsKey({})).toBe("");
  });
});
