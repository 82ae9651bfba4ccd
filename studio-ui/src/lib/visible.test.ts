import { describe, expect, it } from "vitest";
import { visible, visibleParts } from "./visible";

describe("visible", () => {
  it.each([
    ["plain-1", "plain-1"],
    ["user\u202etxt.exe", "user\\u{202e}txt.exe"],
    ["a\nb\tc\u0000", "a\\u{a}b\\u{9}c\\u{0}"],
    ["zero\u200bwidth", "zero\\u{200b}width"],
    ["half\ud800", "half\\u{d800}"],
    // Written from right to left, joined, or outside the first plane: all of it is text.
    ["مرحبا", "مرحبا"],
    ["می\u200cخواهم", "می\u200cخواهم"],
    ["👩\u200d🔧", "👩\u200d🔧"],
  ])("%j", (text, shown) => {
    expect(visible(text)).toBe(shown);
    expect(
      visibleParts(text)
        .map((part) => part.text)
        .join(""),
    ).toBe(shown);
  });

  it("marks what was written out", () => {
    expect(visibleParts("a\u202eb")).toEqual([
      { text: "a", unseen: false },
      { text: "\\u{202e}", unseen: true },
      { text: "b", unseen: false },
    ]);
    expect(visibleParts("")).toEqual([]);
  });
});
