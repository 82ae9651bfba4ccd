import { renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useRangeInSight, useSlots } from "./use-in-sight";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function places(first: number, last: number) {
  return Array.from({ length: last - first + 1 }, (_, index) => ({ index: first + index }));
}

it("says at once where somebody goes, and of what passes by only the last", () => {
  const said: number[] = [];
  const { rerender } = renderHook(
    ({ first, list }) => useRangeInSight(places(first, first + 20), list, (range) => said.push(range.first)),
    {
      initialProps: { first: 0, list: "a" },
    },
  );
  expect(said).toEqual([0]);
  vi.advanceTimersByTime(1000);
  for (let step = 1; step <= 100; step += 1) rerender({ first: 12 * step, list: "a" });
  expect(said).toEqual([0, 12]);
  vi.advanceTimersByTime(1000);
  expect(said).toEqual([0, 12, 1200]);
  // Another list is asked for from its start, whatever of it is in sight.
  rerender({ first: 1200, list: "b" });
  expect(said).toEqual([0, 12, 1200, 1200]);
});

it("says nothing after it is gone", () => {
  const say = vi.fn();
  const { rerender, unmount } = renderHook(({ first }) => useRangeInSight(places(first, first), "a", say), {
    initialProps: { first: 0 },
  });
  rerender({ first: 1 });
  unmount();
  vi.advanceTimersByTime(1000);
  expect(say).toHaveBeenCalledTimes(1);
});

it("keeps the elements of rows in sight: as many as there are, each one once", () => {
  const { result, rerender } = renderHook(
    ({ first, last }) => ({ slotOf: useSlots(places(first, last)), first, last }),
    {
      initialProps: { first: 0, last: 9 },
    },
  );
  const slots = () =>
    places(result.current.first, result.current.last).map(({ index }) => result.current.slotOf(index));
  const before = new Set(slots());
  expect(before.size).toBe(10);
  rerender({ first: 1000, last: 1015 });
  expect(new Set(slots()).size).toBe(16);
  expect(Math.max(...slots())).toBeLessThan(16);
  rerender({ first: 1000, last: 1039 });
  expect(new Set(slots()).size).toBe(40);
  // Who scrolls by one row has all but one as they were.
  const [old, wide] = [new Map(places(1000, 1039).map(({ index }) => [index, result.current.slotOf(index)])), 48];
  rerender({ first: 1001, last: 1040 });
  for (const [index, slot] of old) expect(result.current.slotOf(index)).toBe(slot);
  expect(Math.max(...slots())).toBeLessThan(wide);
});
