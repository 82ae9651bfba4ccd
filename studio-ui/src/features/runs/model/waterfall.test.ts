import { describe, expect, it } from "vitest";
import type { Job } from "../../../api/types";
import { waterfallOf } from "./waterfall";

const at = (second: number) => `2025-12-13T03:00:${String(second).padStart(2, "0")}.000Z`;
const NOW = Date.parse(at(30));

const job = (id: string, from?: number, to?: number, more: Partial<Job> = {}): Job => ({
  id,
  name: id,
  state: to === undefined ? "running" : "success",
  ...(from !== undefined && { startedAt: at(from) }),
  ...(to !== undefined && { finishedAt: at(to) }),
  ...more,
});

const shape = (jobs: Job[]) =>
  waterfallOf(jobs, at(0), NOW).bars.map(({ job, ready, from, to }) => [job.id, ready / 1000, from / 1000, to / 1000]);

describe("a waterfall", () => {
  it("has each job from when it could have begun, in the order of their starts", () => {
    expect(shape([job("test", 8, 12, { needs: ["build", "lint"] }), job("build", 1, 5), job("lint", 2, 6)])).toEqual([
      ["build", 0, 1, 5],
      ["lint", 0, 2, 6],
      ["test", 6, 8, 12],
    ]);
  });

  it("goes on to now where something runs, and tells how long all took", () => {
    const { span, bars } = waterfallOf([job("a", 1)], at(0), NOW);
    expect([span, bars[0]?.to]).toEqual([30_000, 30_000]);
  });

  it("leaves out groups, what was reused, and what has not run", () => {
    const reused = { run: "r", attempt: 1 };
    const jobs = [
      job("group", 1, 9, { group: true }),
      job("a", 1, 9, { parent: "group" }),
      job("old", 1, 2, { reused }),
      job("later"),
    ];
    const { bars, without } = waterfallOf(jobs, at(0), NOW);
    expect(bars.map(({ job }) => job.id)).toEqual(["a"]);
    expect(without.map(({ id }) => id)).toEqual(["old", "later"]);
  });

  it("holds clocks that disagree, and times that are none", () => {
    expect(shape([job("before", 5, 3, { needs: ["after"] }), job("after", 1, 9)])).toEqual([
      ["after", 0, 1, 9],
      ["before", 5, 5, 5],
    ]);
    expect(waterfallOf([], undefined, NOW)).toEqual({ span: 1, bars: [], without: [] });
    expect(waterfallOf([job("a", 1, 2, { finishedAt: "soon" })], "once", NOW).bars[0]?.to).toBe(29_000);
  });
});
