import { describe, expect, it } from "vitest";
import type { Job } from "../../../api/types";
import { waitOf } from "./waits";

function job(id: string, state: string, more: Partial<Job> = {}): Job {
  return { id, name: id.toUpperCase(), state, ...more };
}

function waits(one: Job, ...others: Job[]): string | undefined {
  return waitOf(one, new Map([one, ...others].map((each) => [each.id, each])));
}

describe("waitOf", () => {
  it("names the needs that are not over, by their names", () => {
    const one = job("z", "waiting", { needs: ["a", "b", "c"] });
    expect(waits(one, job("a", "success"), job("b", "running"), job("c", "waiting"))).toBe("waits for B, C");
  });

  it("names a few of many", () => {
    const needs = ["a", "b", "c", "d", "e"];
    const others = needs.map((id) => job(id, "running"));
    expect(waits(job("z", "waiting", { needs }), ...others)).toBe("waits for A, B, C and 2 more");
  });

  it("names the concurrency group before all else", () => {
    expect(waits(job("z", "queued", { waitsFor: "deploy" }))).toBe("waits for the concurrency group “deploy”");
  });

  it("tells a free place from its turn in a matrix", () => {
    expect(waits(job("z", "queued"))).toBe("waits for a free place");
    expect(waits(job("t#1", "queued", { parent: "t" }), job("t", "running"))).toBe("waits for its turn in T");
    expect(waits(job("t#1", "waiting", { parent: "t" }), job("t", "running"))).toBe("waits for its turn in T");
    expect(waits(job("z", "waiting", { needs: ["a"] }), job("a", "success"))).toBe("waits for the run to begin");
  });

  it("says nothing of what has begun", () => {
    for (const state of ["running", "success", "skipped"])
      expect(waits(job("z", state, { needs: ["a"] }))).toBeUndefined();
  });
});
