import { renderHook } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { LogBuffer } from "../../lib/logs/log-buffer";
import { rangeOf } from "../../lib/logs/pointed";
import { Rows } from "../../lib/logs/rows";
import { StepOrder } from "../../lib/steps";
import { useJumps } from "./use-jumps";

/** Goes where an address points, in a log of a hundred lines under one head. */
function jumps(line: string | undefined, known = true) {
  const scrollTo = vi.fn();
  const rows = { current: new Rows(1, known ? 100 : 0, [{ line: 1, step: "0" }], []) };
  const shared = {
    buffer: new LogBuffer(() => new Promise(() => {})),
    rows,
    chosen: { current: undefined as ReturnType<typeof rangeOf> },
    goTo: undefined,
    order: new StepOrder([]),
    following: { current: false },
    scrollTo,
  };
  const { rerender } = renderHook(
    (at: { line: string | undefined; known: boolean }) =>
      useJumps({ ...shared, known: at.known, marked: rangeOf(at.line) }),
    { initialProps: { line, known } },
  );
  return { scrollTo, rows, rerender, chosen: shared.chosen };
}

it("shows a range from its start, and one line in the middle", () => {
  const { scrollTo, rows } = jumps("40-70");
  expect(scrollTo.mock.calls).toEqual([[rows.current.rowOfLine(40), "start", false]]);
  expect(jumps("30-12").scrollTo.mock.calls).toEqual([[rows.current.rowOfLine(12), "start", false]]);
  expect(jumps("40").scrollTo.mock.calls).toEqual([[rows.current.rowOfLine(40), "center", false]]);
});

it("goes to a range once there is a log, and nowhere where nothing is pointed at", () => {
  const { scrollTo, rows, rerender } = jumps("40-70", false);
  expect(scrollTo).not.toHaveBeenCalled();
  rows.current = new Rows(1, 100, [{ line: 1, step: "0" }], []);
  rerender({ line: "40-70", known: true });
  expect(scrollTo.mock.calls).toEqual([[rows.current.rowOfLine(40), "start", false]]);
  expect(jumps(undefined).scrollTo).not.toHaveBeenCalled();
});

it("takes nobody away from a range that they chose themselves", () => {
  const { scrollTo, rerender, chosen } = jumps(undefined);
  chosen.current = { first: 40, last: 70 };
  rerender({ line: "40-70", known: true });
  expect(scrollTo).not.toHaveBeenCalled();
});
