import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keys } from "../api/queries";
import type { Frame, Run } from "../api/types";
import type { Workflow } from "../api/workflow-types";
import { Caches, type History, type Journal, socketUrl, withLine, withRun, withWorkflow } from "./live-wiring";

function run(runId: string, state = "running"): Run {
  return { runId, workflow: { name: "w", file: "w.yml" }, state, jobs: [] };
}

function job(index: number, state: string) {
  return { id: `job-${index}`, name: `job ${index}`, state };
}

function frame(type: string, data: unknown): Frame {
  return { type, epoch: "a", seq: 1, data };
}

function history(...pages: Run[][]): History {
  const next = (index: number) => (index === pages.length - 1 ? null : "more");
  return {
    pages: pages.map((items, index) => ({ items, next: next(index), total: pages.flat().length })),
    pageParams: pages.map(() => ""),
  };
}

function states({ pages }: History): string[][] {
  return pages.map(({ items }) => items.map(({ runId, state }) => `${runId} ${state}`));
}

describe("withRun", () => {
  it("puts a new run first, without its jobs, and counts it", () => {
    const known = withRun(history([run("a")], [run("b")]), run("new"));
    expect(known.pages[0]?.items[0]).toEqual({
      runId: "new",
      workflow: { name: "w", file: "w.yml" },
      state: "running",
    });
    expect(known.pages[0]?.total).toBe(3);
  });

  it("changes a known run where it stands, on whichever page", () => {
    const known = withRun(history([run("a")], [run("b"), run("c")]), run("c", "success"));
    expect(states(known)).toEqual([["a running"], ["b running", "c success"]]);
    expect(known.pages[0]?.total).toBe(3);
  });

  it("leaves out a run that stands further down than was asked for", () => {
    const at = (runId: string, createdAt: string) => ({ ...run(runId), createdAt });
    const known = { ...history([at("b", "2025-02-01")]) };
    const [first] = known.pages;
    if (first) first.next = "b";
    expect(withRun(known, at("a", "2025-01-01"))).toBe(known);
    expect(states(withRun(known, at("c", "2025-03-01")))).toEqual([["c running", "b running"]]);
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
    client.setQueryData(keys.runs(), history([]));
    for (const state of ["queued", "running", "success"]) caches.receive(frame("run:update", run("r-1", state)));
    expect(client.getQueryData(keys.run("r-1"))).toBeUndefined();
    vi.advanceTimersByTime(300);
    expect(client.getQueryData<Run>(keys.run("r-1"))?.state).toBe("success");
    expect(client.getQueryData<History>(keys.runs())?.pages[0]?.items).toHaveLength(1);
  });

  it("tells the history of a workflow of its own runs only", () => {
    const caches = new Caches(client);
    for (const of of ["", "w", "w.yml", "other"]) client.setQueryData(keys.runs(of), history([]));
    caches.receive(frame("run:update", run("r-1")));
    vi.advanceTimersByTime(300);
    const heard = ["", "w", "w.yml", "other"].map((of) => client.getQueryData<History>(keys.runs(of))?.pages[0]?.total);
    expect(heard).toEqual([1, 1, 1, 0]);
  });

  it("asks anew for a history that is filtered: whether a run is wanted only the studio says", () => {
    const caches = new Caches(client);
    const key = keys.runs("", "state=failure");
    client.setQueryData(key, history([run("r-1")]));
    caches.receive(frame("run:update", run("r-2")));
    vi.advanceTimersByTime(10_000);
    expect(states(client.getQueryData<History>(key) ?? history())).toEqual([["r-1 running"]]);
    expect(client.getQueryState(key)?.isInvalidated).toBe(true);
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

  function large(...jobStates: string[]): Run {
    return { ...run("r-1"), jobs: jobStates.map((state, index) => job(index, state)) };
  }

  function delta(seq: number, state: string, ...jobs: ReturnType<typeof job>[]) {
    return frame("run:delta", { ...run("r-1", state), seq, jobs });
  }

  function shown() {
    const known = client.getQueryData<Run>(keys.run("r-1"));
    return [known?.state, ...(known?.jobs ?? []).map(({ state }) => state)];
  }

  it("joins what changed in a large run with what is known of it", () => {
    const caches = new Caches(client);
    client.setQueryData(keys.runs(), history([run("r-1")]));
    client.setQueryData(keys.run("r-1"), { ...large("waiting", "waiting", "waiting"), reason: { message: "gone" } });
    caches.receive(delta(7, "running", job(1, "running")));
    caches.receive(delta(9, "running", job(1, "success"), job(3, "waiting")));
    caches.receive(delta(10, "success", job(0, "failure")));
    vi.advanceTimersByTime(300);
    expect(shown()).toEqual(["success", "failure", "success", "waiting", "waiting"]);
    const known = client.getQueryData<Run>(keys.run("r-1"));
    expect(known).not.toHaveProperty("reason");
    expect(known).not.toHaveProperty("seq");
    expect(states(client.getQueryData<History>(keys.runs()) ?? history())).toEqual([["r-1 success"]]);
  });

  it("keeps what changed until the first answer is there", async () => {
    let answer = (_: Run) => {};
    const asked = client.fetchQuery({
      queryKey: keys.run("r-1"),
      queryFn: () => new Promise<Run>((resolve) => (answer = resolve)),
    });
    const caches = new Caches(client);
    caches.receive(delta(7, "running", job(0, "success")));
    await vi.advanceTimersByTimeAsync(2000);
    caches.receive(delta(8, "success", job(1, "failure")));
    await vi.advanceTimersByTimeAsync(2000);
    answer(large("running", "waiting", "waiting"));
    await asked;
    await vi.advanceTimersByTimeAsync(2000);
    expect(shown()).toEqual(["success", "success", "failure", "waiting"]);
  });

  it("lets an answer that was asked for after a gap replace what is known, and joins what came meanwhile", async () => {
    const caches = new Caches(client);
    client.setQueryData(keys.run("r-1"), large("waiting", "waiting", "waiting"));
    let answer = (_: Run) => {};
    const asked = client.fetchQuery({
      queryKey: keys.run("r-1"),
      queryFn: () => new Promise<Run>((resolve) => (answer = resolve)),
    });
    caches.receive(delta(7, "running", job(0, "success")));
    await vi.advanceTimersByTimeAsync(300);
    expect(shown()).toEqual(["running", "success", "waiting", "waiting"]);
    answer(large("running", "failure", "waiting"));
    await asked;
    await vi.advanceTimersByTimeAsync(2000);
    expect(shown()).toEqual(["running", "success", "failure", "waiting"]);
  });

  it("does not make a run that is out of date look complete", async () => {
    const caches = new Caches(client);
    client.setQueryData(keys.run("r-1"), large("waiting", "waiting"));
    await client.invalidateQueries({ queryKey: keys.run("r-1") });
    caches.receive(delta(7, "running", job(0, "success")));
    await vi.advanceTimersByTimeAsync(300);
    expect(client.getQueryState(keys.run("r-1"))?.isInvalidated).toBe(true);
  });

  it("lets an answer that was asked for after a gap replace what is known, and joins what came meanwhile", async () => {
    const caches = new Caches(client);
    client.setQueryData(keys.run("r-1"), large("waiting", "waiting", "waiting"));
    let answer = (_: Run) => {};
    const asked = client.fetchQuery({
      queryKey: keys.run("r-1"),
      queryFn: () => new Promise<Run>((resolve) => (answer = resolve)),
    });
    caches.receive(delta(7, "running", job(0, "success")));
    await vi.advanceTimersByTimeAsync(300);
    expect(shown()).toEqual(["running", "success", "waiting", "waiting"]);
    answer(large("running", "failure", "waiting"));
    await asked;
    await vi.advanceTimersByTimeAsync(2000);
    expect(shown()).toEqual(["running", "success", "failure", "waiting"]);
  });

  it("does not make a run that is out of date look complete", async () => {
    const caches = new Caches(client);
    client.setQueryData(keys.run("r-1"), large("waiting", "waiting"));
    await client.invalidateQueries({ queryKey: keys.run("r-1") });
    caches.receive(delta(7, "running", job(0, "success")));
    await vi.advanceTimersByTimeAsync(300);
    expect(client.getQueryState(keys.run("r-1"))?.isInvalidated).toBe(true);
  });

  it("starts anew from a whole run, and forgets runs that nobody looks at", () => {
    const caches = new Caches(client);
    caches.receive(delta(7, "running", job(0, "success")));
    vi.advanceTimersByTime(300);
    expect(client.getQueryData(keys.run("r-1"))).toBeUndefined();
    caches.receive(delta(8, "running", job(0, "failure")));
    caches.receive(frame("run:update", large("success", "success")));
    caches.receive(delta(9, "running", job(1, "failure")));
    vi.advanceTimersByTime(300);
    expect(shown()).toEqual(["running", "success", "failure"]);
  });

  it("leaves lists alone that nobody has asked for", () => {
    const caches = new Caches(client);
    caches.receive(frame("workflow:update", { name: "ci", file: "a.yml", state: "idle" }));
    expect(client.getQueryData(keys.workflows)).toBeUndefined();
  });
});

describe("socketUrl", () => {
  it("is that of the page's own origin", () => {
    expect(socketUrl({ protocol: "http:", host: "localhost:9090" } as Location)).toBe(
      "ws://localhost:9090/ws?without=actors",
    );
    expect(socketUrl({ protocol: "https:", host: "studio.example" } as Location)).toBe(
      "wss://studio.example/ws?without=actors",
    );
  });
});

describe("withLine", () => {
  const line = (seq: number) => ({ seq, time: "2025-12-13T03:33:58.000Z", kind: "note", message: String(seq) });
  const journal = (...pages: number[][]): Journal => ({
    pages: pages.map((seqs) => seqs.map(line)),
    pageParams: pages.map((_, index) => index),
  });
  const seqs = ({ pages }: Journal) => pages.map((page) => page.map(({ seq }) => seq));

  it("puts a new line last, and one that is known nowhere", () => {
    expect(seqs(withLine(journal([3, 4], [1, 2]), line(5)))).toEqual([
      [3, 4, 5],
      [1, 2],
    ]);
    const known = journal([3, 4]);
    expect(withLine(known, line(4))).toBe(known);
    expect(seqs(withLine(journal([]), line(1)))).toEqual([[1]]);
  });

  it("holds no more than a page shows while lines only come", () => {
    let held = journal([]);
    for (let seq = 1; seq <= 600; seq += 1) held = withLine(held, line(seq));
    expect(held.pages[0]).toHaveLength(500);
    expect(held.pages[0]?.at(-1)?.seq).toBe(600);
  });
});
