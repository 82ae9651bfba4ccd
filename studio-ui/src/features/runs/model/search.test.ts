import { describe, expect, it } from "vitest";
import { readRunsSearch, stretchOf, WHEN, whenOf, withWords } from "./search";

describe("the address of the runs", () => {
  it("has words and nothing else", () => {
    const read = readRunsSearch({ workflow: "ci", branch: 12, state: "", other: "x", text: ["a"], since: "today" });
    expect(read).toEqual({ workflow: "ci", branch: "12", since: "today" });
  });

  it("loses a word that is taken back", () => {
    expect(withWords({ state: "lost", branch: "main" }, { state: undefined, text: "#3" })).toEqual({
      branch: "main",
      text: "#3",
    });
  });

  it("names each stretch of time, also one of somebody's own", () => {
    for (const { label } of WHEN) expect(whenOf(withWords({}, stretchOf(label)))).toBe(label);
    expect(whenOf({})).toBeUndefined();
    expect(whenOf({ since: "2026-11-01", until: "yesterday" })).toBe("from 2026-11-01 until yesterday");
  });
});
