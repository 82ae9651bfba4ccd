import { describe, expect, it } from "vitest";
import type { LogLine } from "../../api/types";
import { StepOrder } from "../steps";
import { findStep, type Place } from "./find-step";

const IDS = ["pre-2", "0", "1", "1.0", "1.1", "2", "9", "post-2", "post-0"];
const ORDER = new StepOrder(
  IDS.map((id, index) => ({
    index,
    id,
    name: id,
    state: "success",
    phase: /^(pre|post)/.exec(id)?.[1] ?? "main",
    ...(id.startsWith("1.") && { parent: "1" }),
  })),
);

/** A log in which each entry is the step of a line, or none. */
function log(steps: (string | undefined)[], time?: (line: number) => string) {
  const lines = steps.map((step, index): LogLine => {
    const line = { line: index + 1, stream: "stdout", message: "", ...(time && { timestamp: time(index + 1) }) };
    return step === undefined ? line : { ...line, step };
  });
  let reads = 0;
  return {
    find: (step: string, more: Partial<Place> = {}) =>
      findStep({ step, ...more }, ORDER, lines.length, async (from, limit) => {
        reads += 1;
        return lines.slice(from - 1, from - 1 + limit);
      }),
    reads: () => reads,
  };
}

describe("findStep", () => {
  it("finds the last line of a step and of those below it", async () => {
    const { find } = log(["0", "1", "1.0", "1.1", undefined, "2", "2", "post-2", "post-0"]);
    expect(await find("1", { end: true })).toBe(4);
    expect(await find("2", { end: true })).toBe(7);
    expect(await find("post-0", { end: true })).toBe(9);
    expect(await find("9", { end: true })).toBeUndefined();
  });

  it("finds where an attempt at a step begins, by the time of its lines", async () => {
    const steps = ["0", "1", "1", undefined, "1", "1", "2"];
    const { find } = log(steps, (line) => `2026-01-01T00:00:0${line}.000Z`);
    expect(await find("1", { since: "2026-01-01T00:00:01.500Z" })).toBe(2);
    expect(await find("1", { since: "2026-01-01T00:00:03.500Z" })).toBe(5);
    expect(await find("1", { since: "2026-01-01T00:00:06.500Z" })).toBeUndefined();
  });

  it("finds every step's first line, notes or not", async () => {
    const { find } = log([undefined, "0", "0", undefined, "1", "2", "2", "2", undefined]);
    expect(await find("0")).toBe(2);
    expect(await find("1")).toBe(5);
    expect(await find("2")).toBe(6);
  });

  it("finds the first line of what a step brought, and of what runs before and after the others", async () => {
    const { find } = log(["pre-2", "0", "1.0", "1.1", "1.1", "2", "post-0"]);
    expect(await find("pre-2")).toBe(1);
    expect(await find("1")).toBe(3);
    expect(await find("1.1")).toBe(4);
    expect(await find("post-0")).toBe(7);
  });

  it("finds a step that wrote while others did", async () => {
    const { find } = log(["0", "2", "1", "0", "2", "1", "0"]);
    expect(await find("1")).toBe(3);
    expect(await find("2")).toBe(2);
  });

  it("finds nothing for a step that wrote nothing", async () => {
    const { find } = log(["0", "0", "2"]);
    expect(await find("1")).toBeUndefined();
    expect(await find("9")).toBeUndefined();
    expect(await find("unknown")).toBeUndefined();
    expect(await log([]).find("0")).toBeUndefined();
  });

  it("reads little of a long log", async () => {
    const long = log([...Array(70_000).fill("0"), ...Array(30_000).fill("1")]);
    expect(await long.find("1")).toBe(70_001);
    expect(long.reads()).toBeLessThan(20);
  });
});
