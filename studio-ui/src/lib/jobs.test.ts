import { describe, expect, it } from "vitest";
import type { Job } from "../api/types";
import { above, namedJob, nextJob, pickJob, stepState, whyOf, within, working } from "./jobs";

function job(id: string, state: string, finishedAt?: string): Job {
  return { id, name: id, state, ...(finishedAt !== undefined && { finishedAt }) };
}

describe("pickJob", () => {
  it("prefers what runs, then what went wrong, then what ended last", () => {
    expect(pickJob([job("a", "failure"), job("b", "running")])?.id).toBe("b");
    expect(pickJob([job("a", "success", "2"), job("b", "lost", "1")])?.id).toBe("b");
    expect(pickJob([job("a", "success", "1"), job("b", "success", "3"), job("c", "success", "2")])?.id).toBe("b");
    expect(pickJob([job("a", "queued"), job("b", "waiting")])?.id).toBe("a");
    expect(pickJob([])).toBeUndefined();
  });
});

describe("whyOf", () => {
  const step = (state: string, more: object = {}) => ({ index: 0, id: "0", name: "Unit tests", state, ...more });
  it.each([
    ["its own reason first", { ...job("a", "skipped"), reason: { message: "it needs `b`" } }, "it needs `b`"],
    [
      "the step that failed",
      { ...job("a", "failure"), steps: [step("success"), step("failure", { exitCode: 3 })] },
      "Step “Unit tests” failed with exit code 3.",
    ],
    [
      "why that step failed",
      { ...job("a", "failure"), steps: [step("failure", { reason: { message: "signal 9 ended it" } })] },
      "Step “Unit tests” failed: signal 9 ended it",
    ],
    ["nothing for what went well", { ...job("a", "success"), steps: [step("failure")] }, undefined],
    ["nothing made up", job("a", "failure"), undefined],
  ])("tells %s", (_, of, why) => expect(whyOf(of)).toBe(why));
});

describe("nextJob", () => {
  it("stays on a job that runs, though another runs too", () => {
    expect(nextJob([job("a", "running"), job("b", "running")], "b")?.id).toBe("b");
  });

  it("goes on when the job in sight has ended", () => {
    expect(nextJob([job("a", "success"), job("b", "running")], "a")?.id).toBe("b");
    expect(nextJob([job("a", "success"), job("b", "waiting")], "a")?.id).toBe("a");
    expect(nextJob([job("a", "success"), job("b", "failure")], "a")?.id).toBe("b");
  });

  it("starts like a first look", () => {
    expect(nextJob([job("a", "queued"), job("b", "running")], undefined)?.id).toBe("b");
  });
});

describe("stepState", () => {
  it("counts the conclusion before the outcome before the state", () => {
    const step = { index: 0, id: "0", name: "s", state: "running" };
    expect(stepState(step)).toBe("running");
    expect(stepState({ ...step, outcome: "failure" })).toBe("failure");
    expect(stepState({ ...step, outcome: "failure", conclusion: "success" })).toBe("success");
  });
});

describe("groups", () => {
  const group = { ...job("t", "running"), group: true };
  const jobs: Job[] = [
    { ...job("t#0", "success", "1"), parent: "t" },
    group,
    { ...job("t#1", "failure", "2"), parent: "t" },
    job("other", "running"),
  ];

  it("are not shown themselves, unless there is nothing else", () => {
    expect(pickJob([group, job("t#0", "waiting")])?.id).toBe("t#0");
    expect(pickJob([group])?.id).toBe("t");
    expect(working(jobs)).toHaveLength(3);
  });

  it("stand in an address for one of their jobs", () => {
    expect(namedJob(jobs, "t")?.id).toBe("t#1");
    expect(namedJob(jobs, "t#0")?.id).toBe("t#0");
    expect(namedJob(jobs, "gone")).toBeUndefined();
    expect(namedJob([group], "t")?.id).toBe("t");
  });

  it("hold what they brought, and what that brought", () => {
    const nested = [...jobs, { ...job("t#1/build", "success"), parent: "t#1" }];
    expect(within(nested, "t").map(({ id }) => id)).toEqual(["t#0", "t#1", "t#1/build"]);
  });

  it("may go round without an end", () => {
    expect(
      above(
        "a",
        new Map([
          ["a", "b"],
          ["b", "a"],
        ]),
      ),
    ).toEqual(["b"]);
    expect(above("a", new Map([["a", "a"]]))).toEqual([]);
  });
});
