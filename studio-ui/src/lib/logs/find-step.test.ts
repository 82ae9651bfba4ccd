import { describe, expect, it } from "vitest";
import type { LogLine } from "../../api/types";
import { findStep } from "./find-step";

/** A log in which each entry is the step of a line, or none. */
function log(steps: (number | undefined)[]) {
  const lines = steps.map((step, index): LogLine => {
    const line = { line: index + 1, stream: "stdout", message: "" };
    return step === undefined ? line : { ...line, step };
  });
  let reads = 0;
  return {
    find: (step: number) =>
      findStep(step, lines.length, async (from, limit) => {
        reads += 1;
        return lines.slice(from - 1, from - 1 + limit);
      }),
    reads: () => reads,
  };
}

describe("findStep", () => {
  it("finds every step's first line, notes or not", async () => {
    const { find } = log([undefined, 0, 0, undefined, 1, 2, 2, 2, undefined]);
    expect(await find(0)).toBe(2);
    expect(await find(1)).toBe(5);
    expect(await find(2)).toBe(6);
  });

  it("finds nothing for a step that wrote nothing", async () => {
    const { find } = log([0, 0, 2]);
    expect(await find(1)).toBeUndefined();
    expect(await find(9)).toBeUndefined();
    expect(await log([]).find(0)).toBeUndefined();
  });

  it("reads little of a long log", async () => {
    const long = log([...Array(70_000).fill(0), ...Array(30_000).fill(1)]);
    expect(await long.find(1)).toBe(70_001);
    expect(long.reads()).toBeLessThan(20);
  });
});
