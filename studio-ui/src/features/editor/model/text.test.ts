import { describe, expect, it } from "vitest";
import { asIn, indentAt, lineAt, lineOfJob, normal, offsetOf } from "./text";

describe("the text", () => {
  it("is edited with line feeds and given back as it was", () => {
    const file = "\uFEFFa: 1\r\nb: 2\r\n";
    expect(normal(file)).toBe("a: 1\nb: 2\n");
    expect(asIn(file, "a: 1\nb: 3\n")).toBe("a: 1\r\nb: 3\r\n");
    expect(asIn("a: 1\n", "b\n")).toBe("b\n");
  });

  it("has places that count characters, and offsets that count units", () => {
    const text = "a: 1\né: 😀x\n";
    for (const [line, column, offset] of [
      [1, 1, 0],
      [1, 5, 4],
      [2, 1, 5],
      [2, 4, 8],
      [2, 5, 10],
      [2, 99, 11],
      [9, 1, 12],
    ] as const) {
      expect(offsetOf(text, line, column)).toBe(offset);
    }
    expect(lineAt(text, 0)).toBe(1);
    expect(lineAt(text, 5)).toBe(2);
  });

  it("indents a new line as the one before, up to the caret", () => {
    expect(indentAt("a:\n    b: 1", 12)).toBe("    ");
    expect(indentAt("a:\n    b: 1", 5)).toBe("  ");
    expect(indentAt("a:\n    b: 1", 0)).toBe("");
  });
});

describe("the line of a job", () => {
  const TEXT = [
    "name: build", // 1
    "on:",
    "  push:",
    "jobs: # all",
    "  # build: no",
    "  'build':", // 6
    "    env:",
    "      test: 1",
    "  test: {needs: build}", // 9
    "concurrency:",
    "  other: 1",
  ].join("\n");

  it("is that of its own key", () => {
    expect(lineOfJob(TEXT, "build")).toBe(6);
    expect(lineOfJob(TEXT, "test")).toBe(9);
  });

  it("is unknown where there is none", () => {
    expect(lineOfJob(TEXT, "other")).toBeUndefined();
    expect(lineOfJob("on: push\n", "a")).toBeUndefined();
    expect(lineOfJob("jobs: {a: {}}\n", "a")).toBeUndefined();
  });
});
