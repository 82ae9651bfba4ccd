import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { FoundLines, Sought } from "../../api/types";
import { LogFind, needleOf, nextHit, splitAt } from "./find";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const WORD = { text: "word", regex: false, sensitive: false };

function found(lines: number[], truncated = false): FoundLines {
  const hit = { runId: "r", workflow: "w", job: "j", attempt: 1, timestamp: "", before: "", match: "word", after: "" };
  return { hits: lines.map((line) => ({ ...hit, line })), truncated, logs: 1, bytes: 1, unreadable: 0 };
}

it("searches a log once, and then only what it has grown by", async () => {
  const answers = [found([3, 9]), found([9, 12])];
  const find = vi.fn(async (_: Sought, __: number) => answers.shift() ?? found([]));
  const search = new LogFind(find);
  search.grown(10);
  expect(find).not.toHaveBeenCalled();
  search.seek(WORD);
  expect(search.state.get().busy).toBe(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(search.state.get()).toMatchObject({ lines: [3, 9], busy: false, more: false });
  search.grown(12);
  expect(find).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(find.mock.calls.map((call) => call.slice(0, 2))).toEqual([
    [WORD, 1],
    [WORD, 11],
  ]);
  expect(search.state.get().lines).toEqual([3, 9, 12]);
  search.close();
});

it("forgets an answer to what is not sought any more, and stops where there are too many", async () => {
  const asked: ((found: FoundLines) => void)[] = [];
  const find = vi.fn(() => new Promise<FoundLines>((resolve) => void asked.push(resolve)));
  const search = new LogFind(find);
  search.grown(5);
  search.seek(WORD);
  search.seek({ ...WORD, text: "other" });
  asked[0]?.(found([1]));
  await vi.advanceTimersByTimeAsync(0);
  expect(search.state.get().lines).toEqual([]);
  asked[1]?.(found([2], true));
  await vi.advanceTimersByTimeAsync(0);
  expect(search.state.get()).toMatchObject({ lines: [2], more: true });
  search.grown(9);
  await vi.advanceTimersByTimeAsync(5000);
  expect(find).toHaveBeenCalledTimes(2);
  search.seek({ ...WORD, text: "" });
  expect(search.state.get()).toMatchObject({ sought: undefined, lines: [] });
});

it("tells what went wrong, until something else is sought", async () => {
  const search = new LogFind(() => Promise.reject(new Error("no")));
  search.grown(5);
  search.seek(WORD);
  await vi.advanceTimersByTimeAsync(0);
  expect(search.state.get().error?.message).toBe("no");
});

it("goes from one hit to the next, around the ends", () => {
  const lines = [3, 9, 12];
  expect([nextHit(lines, 3, 1), nextHit(lines, 4, 1), nextHit(lines, 12, 1)]).toEqual([9, 9, 3]);
  expect([nextHit(lines, 12, -1), nextHit(lines, 10, -1), nextHit(lines, 3, -1)]).toEqual([9, 9, 12]);
  expect(nextHit([], 3, 1)).toBeUndefined();
});

it("marks a text as itself, by its capital letters, and no pattern that the browser cannot read", () => {
  const split = (text: string, sought = {}) => splitAt("A.b a.b axb", needleOf({ ...WORD, text, ...sought }));
  expect(split("a.b")).toEqual(["", "A.b", " ", "a.b", " axb"]);
  expect(split("A.b")).toEqual(["", "A.b", " a.b axb"]);
  expect(split("a.b", { sensitive: true })).toEqual(["A.b ", "a.b", " axb"]);
  expect(split("a.b", { regex: true })).toEqual(["", "A.b", " ", "a.b", " ", "axb", ""]);
  expect(split("(", { regex: true })).toEqual(["A.b a.b axb"]);
  expect(split("x*", { regex: true })).toEqual(["A.b a.b a", "x", "b"]);
  expect(splitAt("a-b/c", needleOf({ ...WORD, text: "-b/" }))).toEqual(["a", "-b/", "c"]);
});
