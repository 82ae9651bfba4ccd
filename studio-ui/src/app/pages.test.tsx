import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Answers, openStudio, PENDING, Problem } from "../test-studio";

// The first visit of a page loads its code, which takes longer on a busy machine than the library waits by itself.
const FOUND = { timeout: 8000 };
const HOSTILE = '<img src=x onerror="alert(1)">';

afterEach(() => vi.unstubAllGlobals());

describe("the frame", () => {
  it("shows the metrics and whether the line is live", async () => {
    const actorPools = {
      ...{ totalActors: 9, activeActors: 4, idleActors: 3, byType: {} },
      byStatus: { active: 1, stale: 2 },
      systemActors: 6,
    };
    const messageQueues = { totalMessages: 1234, pendingMessages: 5 };
    const timestamp = "2025-12-13T03:33:58.077Z";
    const studio = openStudio("/actors", { "/api/metrics": { timestamp, actorPools, messageQueues } });
    // As the pages count: without plumbing, by the status that the studio shows.
    expect((await screen.findByRole("link", { name: "3 actors" }, FOUND)).getAttribute("href")).toBe("/actors");
    screen.getByRole("link", { name: "1 active" });
    expect(screen.getByRole("link", { name: "2 stale" }).getAttribute("href")).toBe("/actors?filter=state%3Astale");
    screen.getByRole("link", { name: "5 pending" });
    expect(screen.getByText("connecting")).toBeTruthy();
    await studio.hello();
    await screen.findByText("live");
    expect((await screen.findByText("runs running")).nextSibling?.textContent).toBe("2");
  });

  it("counts one run as one", async () => {
    openStudio("/actors", { "/api/status": { status: "ok", runs: { queued: 0, running: 1 } } });
    await screen.findByRole("link", { name: "1 run running" }, FOUND);
  });

  it("asks first who we are, then what there is to show", async () => {
    const studio = openStudio("/workflows");
    await screen.findByText("There is no workflow here yet.", undefined, FOUND);
    expect(studio.asked.slice(0, 2)).toEqual(["/api/session", "/api/ui"]);
    expect(studio.asked).not.toContain("/api/actors");
  });

  it("offers no workflow pages where no product brings them", async () => {
    openStudio("/actors", { "/api/ui": { sections: [{ id: "other", title: "Other", path: "/other" }] } });
    await screen.findByRole("link", { name: "Other" }, FOUND);
    expect(screen.queryByRole("link", { name: "Workflows" })).toBeNull();
    expect(screen.queryByText("runs running")).toBeNull();
  });

  it("says since when the studio is silent, and comes back by itself", async () => {
    const studio = openStudio("/runs/r-1?job=left", { "/api/runs/r-1": RUN, "/api/runs/r-1/jobs/left/logs": NO_LOG });
    await studio.hello();
    await screen.findByRole("region", { name: "Jobs" }, FOUND);
    const before = studio.sockets();
    await studio.hangUp();
    expect(screen.getByText("offline")).toBeTruthy();
    await screen.findByText(/^The studio has not answered since \d\d:\d\d:\d\d\./, undefined, FOUND);
    expect(document.querySelector('[data-connected="false"]')).toBeTruthy();
    await waitFor(() => expect(studio.sockets()).toBeGreaterThan(before));
    await studio.hello();
    await screen.findByText("live");
    expect(screen.queryByText(/has not answered/)).toBeNull();
  });

  it("begins another page at its top, and comes back to where one was left", async () => {
    const { router } = openStudio("/workflows", { "/api/workflows": [DIAMOND] });
    await screen.findByText("diamond", undefined, FOUND);
    const main = document.getElementById("main") as HTMLElement;
    main.scrollTop = 300;
    await router.navigate({ to: "/runs" });
    await waitFor(() => expect(main.scrollTop).toBe(0), FOUND);
    main.scrollTop = 70;
    router.history.back();
    await waitFor(() => expect(main.scrollTop).toBe(300), FOUND);
    router.history.forward();
    await waitFor(() => expect(main.scrollTop).toBe(70), FOUND);
  });

  it("says when an address leads nowhere", async () => {
    openStudio("/nowhere");
    await screen.findByText("Nothing lives at this address.", undefined, FOUND);
  });
});

describe("actors", () => {
  it("says that it loads, then how to bring the first actor", async () => {
    const studio = openStudio("/actors", { "/api/metrics": NO_ACTORS });
    await screen.findByText("Loading actors …", undefined, FOUND);
    await studio.hello();
    await studio.sayWindow([]);
    await screen.findByText("No actor has reported yet.");
  });

  it("says why there is no list, and asks again when told to", async () => {
    const studio = openStudio("/actors", { "/api/metrics": NO_ACTORS });
    await studio.hello();
    await studio.sayWindow({ error: { code: "too_many_windows", message: "too many lists are looked at" } });
    await screen.findByText("too many lists are looked at", undefined, FOUND);
    const before = studio.told.length;
    fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(studio.told.length).toBeGreaterThan(before);
    await studio.sayWindow([]);
    await screen.findByText("No actor has reported yet.");
  });

  it("reads the begin of the list where there is no line", async () => {
    const items = [{ id: "a", type: "T", status: "idle" }];
    const studio = openStudio("/actors", { "/api/v1/actors": { items, next: "x", total: 4000 } });
    await screen.findByText("Loading actors …", undefined, FOUND);
    await studio.hangUp();
    await screen.findByText("4,000 actors", undefined, FOUND);
  });

  it("counts what a filter leaves and clears it", async () => {
    const studio = openStudio("/actors?filter=zzz");
    await studio.hello();
    expect(await studio.sayWindow([])).toMatchObject({ filter: "zzz -is:system", sort: "id", from: 0 });
    await screen.findByText("0 that match", undefined, FOUND);
    fireEvent.click(screen.getByRole("button", { name: "Clear the filters" }));
    await waitFor(() => expect(studio.window()).toMatchObject({ filter: "-is:system" }));
    await studio.sayWindow([{ id: "a", type: "T", status: "idle" }]);
    await screen.findByText("1 actor");
  });

  it("opens the panel of the actor in the address, foreign text as text", async () => {
    const actor = { id: HOSTILE, type: "T", status: "active", messageCount: 42, metadata: { note: HOSTILE } };
    const path = `/api/actors/${encodeURIComponent(HOSTILE)}`;
    const studio = openStudio(`/actors?actor=${encodeURIComponent(HOSTILE)}`, { [path]: actor });
    await studio.hello();
    await studio.sayWindow([actor]);
    const panel = await screen.findByRole("region", { name: `Actor ${HOSTILE}` }, FOUND);
    await within(panel).findByText("42");
    expect(within(panel).getAllByText(HOSTILE)).toHaveLength(2);
    expect(document.querySelector("img[src=x]")).toBeNull();
    await studio.sayWindow([{ ...actor, messageCount: 43 }]);
    await within(panel).findByText("43");
    studio.answers[path] = new Problem(404, "no such actor");
    await studio.sayWindow([]);
    await within(panel).findByText("The studio does not know this actor.", undefined, FOUND);
  });
});

const NO_ACTORS = {
  timestamp: "2025-12-13T03:33:58.077Z",
  actorPools: { totalActors: 2, activeActors: 0, idleActors: 2, byType: {}, byStatus: {}, systemActors: 2 },
  messageQueues: { totalMessages: 0, pendingMessages: 0 },
};

const DIAMOND = { name: "diamond", file: "diamond.loom.yml", state: "idle" };

describe("workflows", () => {
  it("asks for what a workflow takes, sends it, and remembers it", async () => {
    window.localStorage.clear();
    const inputs = [
      { name: "where", type: "choice", required: true, options: ["staging", "production"] },
      { name: "count", type: "number", required: false, default: "3" },
    ];
    const studio = openStudio("/workflows", {
      "/api/workflows": [{ name: "deploy", file: "d.yml", state: "idle", inputs }],
      "POST /api/workflows/deploy/start": new Problem(400, "the input `count` does not fit"),
    });
    fireEvent.click(await screen.findByRole("button", { name: "Start deploy" }, FOUND));
    const form = within(screen.getByRole("form", { name: "Start deploy with" }));
    fireEvent.click(form.getByRole("button", { name: "Start" }));
    expect(form.getByRole("alert").textContent).toBe("where is needed.");
    expect(studio.asked).not.toContain("POST /api/workflows/deploy/start");
    fireEvent.change(form.getByLabelText(/^where/), { target: { value: "staging" } });
    fireEvent.click(form.getByRole("button", { name: "Start" }));
    await screen.findByText("the input `count` does not fit");
    const sent = studio.sent[studio.asked.indexOf("POST /api/workflows/deploy/start")];
    expect(JSON.parse(String(sent))).toEqual({ inputs: { where: "staging", count: "3" } });
    fireEvent.keyDown(form.getByLabelText("count"), { key: "Escape" });
    expect(screen.queryByRole("form")).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "Start deploy" }));
    expect(screen.getByLabelText(/^where/)).toHaveProperty("value", "staging");
  });

  it("loads, is empty, and fails in words", async () => {
    const first = openStudio("/workflows", { "/api/workflows": PENDING });
    await screen.findByText("Loading workflows …", undefined, FOUND);
    first.unmount();
    const second = openStudio("/workflows");
    await screen.findByText("There is no workflow here yet.", undefined, FOUND);
    second.unmount();
    openStudio("/workflows", { "/api/workflows": new Problem(500, "the folder cannot be read") });
    await screen.findByText("the folder cannot be read", undefined, FOUND);
  });

  it("shows what is wrong with a file and does not start it", async () => {
    const diagnostics = [{ severity: "error", message: "job `a` needs `b`", line: 3, column: 9 }];
    openStudio("/workflows", { "/api/workflows": [{ ...DIAMOND, state: "invalid", diagnostics }] });
    await screen.findByText("diamond.loom.yml:3:9", undefined, FOUND);
    expect(screen.getByRole("button", { name: "Start diamond" })).toHaveProperty("disabled", true);
  });

  it("has no button for a workflow that only others call", async () => {
    openStudio("/workflows", { "/api/workflows": [{ ...DIAMOND, onlyCalled: true }] });
    await screen.findByText("called by others", undefined, FOUND);
    expect(screen.queryByRole("button", { name: "Start diamond" })).toBeNull();
  });

  it("starts a workflow and goes to its run", async () => {
    const run = { runId: "r-1", workflow: DIAMOND, state: "queued", jobs: [] };
    const studio = openStudio("/workflows", {
      "/api/workflows": [DIAMOND],
      "POST /api/workflows/diamond/start": { runId: "r-1" },
      "/api/runs/r-1": run,
    });
    fireEvent.click(await screen.findByRole("button", { name: "Start diamond" }, FOUND));
    await screen.findByText("This run has no jobs.", undefined, FOUND);
    expect(studio.router.state.location.pathname).toBe("/runs/r-1");
  });

  it("makes one run of a double click", async () => {
    const studio = openStudio("/workflows", {
      "/api/workflows": [DIAMOND],
      "POST /api/workflows/diamond/start": PENDING,
    });
    const button = await screen.findByRole("button", { name: "Start diamond" }, FOUND);
    button.focus();
    fireEvent.click(button);
    fireEvent.click(button);
    await waitFor(() => expect(button.getAttribute("aria-disabled")).toBe("true"));
    expect(document.activeElement).toBe(button);
    fireEvent.click(button);
    expect(studio.asked.filter((path) => path.startsWith("POST"))).toHaveLength(1);
  });

  it("tells workflows of one name apart, aloud and in what it sends", async () => {
    const studio = openStudio("/workflows", {
      "/api/workflows": [DIAMOND, { ...DIAMOND, file: "other.yml" }],
      "POST /api/workflows/other.yml/start": PENDING,
    });
    await screen.findByRole("button", { name: "Start diamond (diamond.loom.yml)" }, FOUND);
    fireEvent.click(screen.getByRole("button", { name: "Start diamond (other.yml)" }));
    await waitFor(() => expect(studio.asked).toContain("POST /api/workflows/other.yml/start"));
  });

  it("offers to force what was asked to stop, not before a double click is over", async () => {
    const running = { ...DIAMOND, state: "running", lastRun: { runId: "r-1", state: "running" } };
    const studio = openStudio("/workflows", {
      "/api/workflows": [running],
      "POST /api/workflows/diamond/stop": { runIds: ["r-1"] },
    });
    const stop = await screen.findByRole("button", { name: "Stop diamond" }, FOUND);
    stop.focus();
    fireEvent.click(stop);
    const held = await screen.findByRole("button", { name: "Stopping … diamond" });
    expect(held.getAttribute("aria-disabled")).toBe("true");
    expect(document.activeElement).toBe(held);
    fireEvent.click(held);
    fireEvent.click(await screen.findByRole("button", { name: "Force stop diamond" }, FOUND));
    expect(document.activeElement).toBe(held);
    await waitFor(() => expect(studio.asked.filter((path) => path.endsWith("/stop"))).toHaveLength(2));
  });

  it("says why a workflow could not be started", async () => {
    openStudio("/workflows", {
      "/api/workflows": [DIAMOND],
      "POST /api/workflows/diamond/start": new Problem(409, "two files are called diamond"),
    });
    fireEvent.click(await screen.findByRole("button", { name: "Start diamond" }, FOUND));
    await screen.findByText("two files are called diamond");
  });

  it("follows a workflow's frames", async () => {
    const studio = openStudio("/workflows", { "/api/workflows": [DIAMOND] });
    await studio.hello();
    await screen.findByRole("button", { name: "Start diamond" }, FOUND);
    expect(screen.queryByRole("button", { name: "Stop diamond" })).toBeNull();
    await studio.say("workflow:update", { ...DIAMOND, state: "running" });
    await screen.findByRole("button", { name: "Stop diamond" });
  });
});

const RUN = {
  runId: "r-1",
  workflow: { name: "diamond", file: "diamond.loom.yml" },
  state: "running",
  startedAt: "2025-12-13T03:33:58.077Z",
  jobs: [
    {
      id: "top",
      name: "top",
      state: "success",
      needs: [],
      steps: [{ index: 0, id: "0", name: "Greet", state: "success" }],
    },
    { id: "left", name: "left", state: "waiting", needs: ["top"] },
  ],
};
const NO_LOG = { lines: [], from: 1, next: 1, total: 0, complete: false };

describe("a run", () => {
  it("says when there is no such run", async () => {
    openStudio("/runs/r-9", { "/api/runs/r-9": new Problem(404, "there is no run r-9") });
    await screen.findByText("There is no run r-9.", undefined, FOUND);
    screen.getByRole("link", { name: "All runs" });
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("says why it is lost, and why a job was skipped", async () => {
    const lost = {
      ...RUN,
      state: "lost",
      reason: { code: "owner-gone", message: "the process that ran it is gone" },
      jobs: [
        { ...RUN.jobs[1], state: "skipped", reason: { code: "needs", message: "it needs `top`, which was lost" } },
      ],
    };
    openStudio("/runs/r-1", {
      "/api/runs/r-1": lost,
      "/api/runs/r-1/jobs/left/logs": { ...NO_LOG, complete: true },
    });
    await screen.findByText("the process that ran it is gone", undefined, FOUND);
    // In the list, and above the log.
    const isReason = (_: string, at: Element | null) => at?.textContent === "it needs top, which was lost";
    await waitFor(() => expect(screen.getAllByText(isReason)).toHaveLength(2));
    expect(document.querySelector('header [data-state="lost"] svg')).toBeTruthy();
  });

  it("does not show another job in place of one that is not there", async () => {
    const answers = { "/api/runs/r-1": RUN, "/api/runs/r-1/jobs/left/logs": NO_LOG };
    for (const path of ["/runs/r-1?job=gone", "/logs?run=r-1&job=gone"]) {
      const studio = openStudio(path, answers);
      const note = await screen.findByText("gone", undefined, FOUND);
      expect(note.parentElement?.textContent).toBe("This run has no job gone.");
      expect(studio.asked.filter((asked) => asked.includes("/logs"))).toEqual([]);
      fireEvent.click(screen.getByRole("button", { name: /left$/ }));
      await waitFor(() => expect(studio.asked).toContain("/api/runs/r-1/jobs/left/logs"));
      studio.unmount();
    }
  });

  it("moves the states of jobs by frames alone", async () => {
    const studio = openStudio("/runs/r-1?job=left", { "/api/runs/r-1": RUN, "/api/runs/r-1/jobs/left/logs": NO_LOG });
    await studio.hello();
    const jobs = await screen.findByRole("region", { name: "Jobs" }, FOUND);
    expect(within(jobs).getByText("waiting")).toBeTruthy();
    expect(within(jobs).getByText("waits for the run to begin")).toBeTruthy();
    await waitFor(() => expect(studio.asked).toContain("/api/runs/r-1/jobs/left/logs"));
    const asked = studio.asked.filter((path) => path === "/api/runs/r-1").length;
    await studio.say("run:update", { ...RUN, jobs: [RUN.jobs[0], { ...RUN.jobs[1], state: "failure" }] });
    await within(jobs).findByText("failure");
    expect(studio.asked.filter((path) => path === "/api/runs/r-1")).toHaveLength(asked);
  });

  it("asks how a paused job goes on, until it has gone on", async () => {
    const paused = { ...RUN.jobs[0], state: "running", pauses: [{ step: "0", exitCode: 3 }] };
    const studio = openStudio("/runs/r-1?job=top", {
      "/api/runs/r-1": { ...RUN, jobs: [paused, RUN.jobs[1]] },
      "/api/runs/r-1/jobs/top/logs": NO_LOG,
      "POST /api/runs/r-1/answer": {},
    });
    await studio.hello();
    await screen.findByText("top is paused at Greet: exit code 3.", undefined, FOUND);
    expect(screen.getByText("loom-runtime shell r-1 top")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Retry top" }));
    await waitFor(() => expect(studio.asked.filter((path) => path.endsWith("/answer"))).toHaveLength(1));
    await studio.say("run:update", RUN);
    await waitFor(() => expect(screen.queryByRole("region", { name: "Paused" })).toBeNull());
  });

  it("runs again what failed, and shows the attempt and what it reused", async () => {
    const failed = { ...RUN, state: "failure", jobs: [RUN.jobs[0], { ...RUN.jobs[1], state: "failure" }] };
    const reused = { ...RUN.jobs[0], steps: [], reused: { run: "r-1", attempt: 1, jobAttempt: 1 } };
    const studio = openStudio("/runs/r-1?job=left", {
      "/api/runs/r-1": failed,
      "/api/runs/r-1/jobs/left/logs": NO_LOG,
      "POST /api/runs/r-1/rerun": { runId: "r-2" },
      "/api/runs/r-2": {
        ...RUN,
        runId: "r-2",
        rerun: { attempt: 2, of: "r-1", firstAttempt: "r-1", again: "failed", sources: "stored" },
        jobs: [reused, RUN.jobs[1]],
      },
      "/api/runs/r-2/jobs/left/logs": NO_LOG,
      "/api/runs/r-2/jobs/top/logs": NO_LOG,
    });
    fireEvent.click(await screen.findByRole("button", { name: "Re-run failed" }, FOUND));
    await screen.findByRole("link", { name: "reused from attempt 1 of the run" }, FOUND);
    expect(screen.getByText(/^2 of the run, after/)).toBeTruthy();
    expect(studio.asked.filter((path) => path.endsWith("/rerun"))).toHaveLength(1);
    expect(screen.getByRole("link", { name: "r-1" })).toBeTruthy();
    // It goes on: there is nothing to run again yet.
    expect(screen.queryByRole("button", { name: /Re-run/ })).toBeNull();
  });

  it("is run again once, and the keyboard stays while that is on its way", async () => {
    const studio = openStudio("/runs/r-1?job=left", {
      "/api/runs/r-1": { ...RUN, state: "failure" },
      "/api/runs/r-1/jobs/left/logs": NO_LOG,
      "POST /api/runs/r-1/rerun": PENDING,
    });
    const button = await screen.findByRole("button", { name: "Re-run failed" }, FOUND);
    button.focus();
    fireEvent.click(button);
    fireEvent.click(button);
    fireEvent.click(screen.getByRole("button", { name: "Re-run" }));
    expect(button.getAttribute("aria-disabled")).toBe("true");
    expect(document.activeElement).toBe(button);
    expect(studio.asked.filter((path) => path.endsWith("/rerun"))).toHaveLength(1);
  });

  it("says when another process went on with it", async () => {
    openStudio("/runs/r-1?job=left", {
      "/api/runs/r-1": { ...RUN, resumedAt: ["2026-01-01T00:00:00.000Z"] },
      "/api/runs/r-1/jobs/left/logs": NO_LOG,
    });
    await screen.findByText("Resumed", undefined, FOUND);
    screen.getByTitle(/^The process that ran it had died/);
  });

  it("offers to force what somebody else asked to cancel", async () => {
    const studio = openStudio("/runs/r-1?job=left", {
      "/api/runs/r-1": { ...RUN, cancelRequestedBy: "SIGINT" },
      "/api/runs/r-1/jobs/left/logs": NO_LOG,
      "POST /api/runs/r-1/cancel": {},
    });
    await screen.findByText(/^Asked to cancel/, undefined, FOUND);
    fireEvent.click(await screen.findByRole("button", { name: "Force cancel" }, FOUND));
    await screen.findByText("Every step is being ended now.");
    const asked = screen.getByRole("button", { name: "Cancelling …" });
    expect(asked.getAttribute("aria-disabled")).toBe("true");
    fireEvent.click(asked);
    expect(studio.asked.filter((path) => path.endsWith("/cancel"))).toHaveLength(1);
  });

  it("offers to cancel what gives way to a newer run, and does not force it", async () => {
    const studio = openStudio("/runs/r-1?job=left", {
      "/api/runs/r-1": { ...RUN, cancelRequestedBy: "concurrency" },
      "/api/runs/r-1/jobs/left/logs": NO_LOG,
    });
    await screen.findByRole("button", { name: "Cancel" }, FOUND);
    expect(screen.queryByText(/^Asked to cancel/)).toBeNull();
    await studio.say("run:update", { ...RUN, state: "cancelled", cancelRequestedBy: "concurrency" });
    await screen.findByText("Cancelled by a newer run of its concurrency group.");
  });

  it("offers who may only look nothing of a run or a workflow that changes it, and says why", async () => {
    const answers = { "/api/session": { required: true, signedIn: true, role: "view" } };
    const paused = {
      id: "first",
      name: "first",
      state: "running",
      needs: [],
      steps: [],
      pauses: [{ step: "0", pause: 1 }],
    };
    const offered = async (page: string, more: Answers, names: string[]) => {
      const studio = openStudio(page, { ...answers, ...more });
      for (const name of names) {
        const button = await screen.findByRole("button", { name }, FOUND);
        await waitFor(() => expect(button).toHaveProperty("disabled", true), FOUND);
        expect(button.title).toBe("Your role may look, and order nothing.");
      }
      if (page.startsWith("/runs/")) screen.getByText("Your role may look, and order nothing.");
      studio.unmount();
    };
    const running = { ...RUN, jobs: [paused] };
    await offered("/runs/r-1", { "/api/runs/r-1": running }, ["Cancel", "Retry first", "Skip first", "End first"]);
    await offered("/runs/r-1", { "/api/runs/r-1": { ...RUN, state: "failure" } }, ["Re-run", "Re-run failed"]);
    const workflow = { name: "ci", file: "ci.yml", state: "running", lastRun: RUN };
    await offered("/workflows", { "/api/workflows": [workflow] }, ["Stop ci"]);
  });

  it("asks to cancel, then offers to force it, until the run has ended", async () => {
    const studio = openStudio("/runs/r-1?job=left", {
      "/api/runs/r-1": RUN,
      "/api/runs/r-1/jobs/left/logs": NO_LOG,
      "POST /api/runs/r-1/cancel": {},
    });
    await studio.hello();
    fireEvent.click(await screen.findByRole("button", { name: "Cancel" }, FOUND));
    const pressed = await screen.findByRole("button", { name: "Cancelling …" });
    expect(pressed.getAttribute("aria-disabled")).toBe("true");
    await studio.say("run:update", { ...RUN, cancelRequestedBy: "api" });
    fireEvent.click(await screen.findByRole("button", { name: "Force cancel" }, FOUND));
    await screen.findByText("Every step is being ended now.");
    await studio.say("run:update", { ...RUN, state: "cancelled", cancelRequestedBy: "api" });
    await waitFor(() => expect(screen.queryByRole("button", { name: /Cancel/ })).toBeNull());
  });

  it("tells a log that is empty from one that is not there yet", async () => {
    openStudio("/runs/r-1?job=top", {
      "/api/runs/r-1": RUN,
      "/api/runs/r-1/jobs/top/logs": { ...NO_LOG, complete: true },
    });
    await screen.findByText("This job wrote nothing.", undefined, FOUND);
  });
});

describe("the history and the logs", () => {
  it("goes on to older runs when asked, as far as there are some", async () => {
    const old = (runId: string) => ({ ...RUN, runId, state: "success", jobs: undefined });
    const studio = openStudio("/runs?workflow=w.yml", {
      "/api/v1/runs": { items: [old("r-3"), old("r-2")], next: "r-2", total: 3 },
    });
    await screen.findByText("The newest 2 of 3.", undefined, FOUND);
    studio.answers["/api/v1/runs"] = { items: [old("r-1")], next: null, total: 3 };
    fireEvent.click(screen.getByRole("button", { name: "Load more" }));
    const row = (await screen.findByText("r-1")).closest("tr") as HTMLElement;
    // Its name opens the run; beside it is the way to those of the same workflow.
    expect(
      within(row)
        .getAllByRole("link")
        .map((link) => link.getAttribute("href")),
    ).toEqual(["/runs/r-1", expect.stringContaining("/runs?workflow=")]);
    expect(screen.getByText("r-3")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Load more" })).toBeNull();
    const queries = studio.queries.filter((query) => query.includes("limit="));
    expect(queries).toEqual(["limit=100&workflow=w.yml", "limit=100&workflow=w.yml&cursor=r-2"]);
  });

  it("says of a run in the list that it is paused, and once it goes on that it runs", async () => {
    const { jobs: _, ...rest } = RUN;
    const run = { ...rest, state: "running" };
    const studio = openStudio("/runs", {
      "/api/v1/runs": { items: [{ ...run, paused: true }], next: null, total: 1 },
    });
    await studio.hello();
    const table = await screen.findByRole("table", undefined, FOUND);
    expect(within(table).getByText("paused")).toBeTruthy();
    await studio.say("run:update", { ...RUN, state: "running" });
    await within(table).findByText("running");
  });

  it("says so where nothing has run", async () => {
    const first = openStudio("/runs");
    await screen.findByText("Nothing has run yet.", undefined, FOUND);
    first.unmount();
    openStudio("/logs");
    await screen.findByText("There is no log yet, for nothing has run.", undefined, FOUND);
  });

  it("puts a new run first, by its frame", async () => {
    const old = { ...RUN, runId: "r-0", state: "success", jobs: undefined };
    const studio = openStudio("/runs", { "/api/v1/runs": { items: [old], next: null, total: 1 } });
    await studio.hello();
    await screen.findByText("1 run", undefined, FOUND);
    await studio.say("run:update", {
      ...RUN,
      rerun: { attempt: 2, of: "r-0", firstAttempt: "r-0", again: "all", sources: "stored" },
    });
    await screen.findByText("2 runs");
    expect(screen.getByText("attempt 2").closest("tr")?.dataset.run).toBe("r-1");
    const rows = screen.getAllByRole("row").slice(1);
    expect(rows.map((row) => row.dataset.run)).toEqual(["r-1", "r-0"]);
  });
});
