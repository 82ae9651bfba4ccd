import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keys, RUN_LIMIT } from "../api/queries";
import type { Frame, Run, RunSummary, Workflow } from "../api/types";
import { Caches, socketUrl, withRun, withWorkflow } from "./live-wiring";

function run(runId: string, state = "running"): Run {
  return { runId, workflow: { name: "w", file: "w.yml" }, state, jobs: [] };
}

function frame(type: string, data: unknown): Frame {
  return { type, epoch: "a", seq: 1, data };
}

describe("withRun", () => {
  it("puts a new run first, without its jobs, and keeps the limit", () => {
    const full = Array.from({ length: RUN_LIMIT }, (_, index): RunSummary => run(`r-${index}`));
    const list = withRun(full, run("new"));
    expect(list).toHaveLength(RUN_LIMIT);
    expect(list[0]).toEqual({ runId: "new", workflow: { name: "w", file: "w.yml" }, state: "running" });
  });

  it("changes a known run where it stands", () => {
    const list = withRun([run("a"), run("b")], run("b", "success"));
    expect(list.map(({ runId, state }) => [runId, state])).toEqual([
      ["a", "running"],
      ["b", "success"],
    ]);
  });
});

describe("withWorkflow", () => {
  it("tells workflows apart by file, since names may be the same", () => {
    const old: Workflow = { name: "ci", file: "a.yml", state: "idle" };
    const list = withWorkflow([old], { name: "ci", file: "b.yml", state: "idle" });
    expect(list).toHaveLength(2);
    expect(withWorkflow(list, { ...old, state: "running" }).map(({ state }) => state)).toEqual(["running", "idle"]);
  });
});

describe("Caches", () => {
  let client: QueryClient;
  beforeEach(() => {
    // No document here: frames of animation never come, so the timer behind them has to.
    vi.stubGlobal("requestAnimationFrame", () => 0);
    vi.stubGlobal("cancelAnimationFrame", () => {});
    vi.useFakeTimers();
    client = new QueryClient();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("keeps the last of many updates of a run", () => {
    const caches = new Caches(client);
    client.setQueryData(keys.runs, []);
    for (const state of ["queued", "running", "success"]) caches.receive(frame("run:update", run("r-1", state)));
    expect(client.getQueryData(keys.run("r-1"))).toBeUndefined();
    vi.advanceTimersByTime(300);
    expect(client.getQueryData<Run>(keys.run("r-1"))?.state).toBe("success");
    expect(client.getQueryData<RunSummary[]>(keys.runs)).toHaveLength(1);
  });

  it("does not let an answer that was on its way undo a frame", async () => {
    let answer = (_: Run) => {};
    const asked = client.fetchQuery({
      queryKey: keys.run("r-1"),
      queryFn: () => new Promise<Run>((resolve) => (answer = resolve)),
    });
    asked.catch(() => {});
    const caches = new Caches(client);
    caches.receive(frame("run:update", run("r-1", "success")));
    await vi.advanceTimersByTimeAsync(300);
    answer(run("r-1", "running"));
    await vi.advanceTimersByTimeAsync(10);
    expect(client.getQueryData<Run>(keys.run("r-1"))?.state).toBe("success");
  });

  it("leaves lists alone that nobody has asked for", () => {
    const caches = new Caches(client);
    caches.receive(frame("workflow:update", { name: "ci", file: "a.yml", state: "idle" }));
    expect(client.getQueryData(keys.workflows)).toBeUndefined();
  });
});

describe("socketUrl", () => {
  it("is that of the page's own origin", () => {
    expect(socketUrl({ protocol: "http:", host: "localhost:9090" } as Location)).toBe("ws://localhost:9090/ws");
    expect(socketUrl({ protocol: "https:", host: "studio.example" } as Location)).toBe("wss://studio.example/ws");
  });
});
