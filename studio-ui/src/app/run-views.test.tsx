/** The page of a run that has more than plain jobs: groups, nested steps, annotations, summaries, folds. */

import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Job, Run, Step } from "../api/types";
import { openStudio } from "../test-studio";

// The first visit of a page loads its code, which takes longer on a busy machine than the library waits by itself.
const FOUND = { timeout: 25000 };

vi.setConfig({ testTimeout: 30_000 });
afterEach(() => vi.unstubAllGlobals());

function step(id: string, name: string, more: Partial<Step> = {}): Step {
  return { index: 0, id, phase: "main", name, state: "success", ...more };
}

function job(id: string, state: string, more: Partial<Job> = {}): Job {
  return { id, name: id, state, needs: [], steps: [], ...more };
}

const RUN: Run = {
  runId: "r-1",
  workflow: { name: "ci", file: "ci.yml" },
  state: "running",
  jobs: [
    job("test", "running", { group: true, steps: [step("0", "Unit tests", { state: "skipped" })] }),
    job("test#0", "success", { name: "test (16)", parent: "test" }),
    job("test#1", "failure", {
      name: "test (18)",
      parent: "test",
      attempt: 2,
      steps: [
        step("pre-1", "Pre setup", { phase: "pre" }),
        step("0", "Unit tests", {
          state: "failure",
          exitCode: 3,
          annotations: [{ level: "error", message: "1 is not 2\nat all", title: "Assertion", file: "a.js", line: 4 }],
          summary: "# Failed\n\n**one** <script>alert(1)</script> [x](javascript:alert(1))",
        }),
        step("1", "Set up", {}),
        step("1.0", "Inner one", { parent: "1" }),
        step("2", "Upload", { state: "skipped" }),
        step("post-1", "Post setup", { phase: "post" }),
      ],
    }),
    job("test#2", "running", { name: "test (20)", parent: "test" }),
    job("deploy", "waiting", { needs: ["test"] }),
    job("publish", "queued", { waitsFor: "registry" }),
  ],
};

const LINES = ["##[group]Install", "one", "two", "##[endgroup]", "##[error]1 is not 2", "##[warning]old"];
const LOG = {
  lines: LINES.map((message, index) => ({ line: index + 1, stream: "stdout", step: "0", message })),
  from: 1,
  next: 7,
  total: 6,
  complete: true,
};

function open(query: string) {
  return openStudio(`/runs/r-1${query}`, {
    "/api/runs/r-1": RUN,
    "/api/runs/r-1/jobs/test%231/logs": LOG,
    "/api/runs/r-1/jobs/test%232/logs": { ...LOG, lines: [], next: 1, total: 0, complete: false },
    "/api/runs/r-1/jobs/deploy/logs": { ...LOG, lines: [], next: 1, total: 0, complete: false },
  });
}

async function jobs() {
  return within(await screen.findByRole("region", { name: "Jobs" }, FOUND));
}

describe("a run whose jobs failed", () => {
  it("leads from the job in sight to the one that failed", async () => {
    const { router } = open("?job=test%232");
    fireEvent.click((await jobs()).getByRole("button", { name: "Next failure" }));
    await waitFor(() => expect(router.state.location.search).toMatchObject({ job: "test#1" }));
    await waitFor(() => expect(screen.queryByRole("button", { name: "Next failure" })).toBeNull());
  });

  it("says how long each of its jobs took", async () => {
    const before = open("?view=waterfall");
    await screen.findByText("No job of this run has begun yet.", undefined, FOUND);
    before.unmount();
    const times = { startedAt: "2025-12-13T03:00:01Z", finishedAt: "2025-12-13T03:00:09Z" };
    const run = { ...RUN, startedAt: "2025-12-13T03:00:00Z", jobs: [job("only", "success", times)] };
    openStudio("/runs/r-1?view=waterfall", { "/api/runs/r-1": run });
    const row = (await screen.findByRole("link", { name: "only" }, FOUND)).closest("tr") as HTMLElement;
    expect([...row.querySelectorAll("td")].slice(0, 3).map((cell) => cell.textContent)).toEqual([
      "success",
      "1.0 s",
      "8.0 s",
    ]);
  });
});

describe("the actors of a run", () => {
  const carrier = (id: string, metadata: object) => ({ id, type: "JobActor", status: "active", metadata });

  it("are linked from the run and from the job in sight while the studio knows them", async () => {
    const studio = open("?job=test%231");
    const list = { next: null, total: 2 };
    studio.answers["/api/v1/actors"] = {
      ...list,
      items: [carrier("run-1", { run: "r-1" }), carrier("job-1", { run: "r-1", job: "test#1" })],
    };
    const link = await screen.findByRole("link", { name: /carries out test \(18\)/ }, FOUND);
    expect(link.getAttribute("href")).toBe("/actors/job-1");
    expect((await screen.findByRole("link", { name: "run-1" })).getAttribute("href")).toBe("/actors/run-1");
    expect(studio.queries.some((query) => query.includes("q=r-1"))).toBe(true);
    studio.answers["/api/v1/actors"] = { ...list, items: [], total: 0 };
    await waitFor(() => expect(screen.queryByRole("link", { name: "run-1" })).toBeNull(), FOUND);
    expect(screen.queryByRole("link", { name: /carries out/ })).toBeNull();
  });
});

describe("the jobs of a run", () => {
  it("are folded into one row a group, with the one in sight", async () => {
    open("");
    const list = await jobs();
    const group = list.getByText("test").closest("button") as HTMLElement;
    expect(group.getAttribute("aria-expanded")).toBe("false");
    expect(group.textContent).toContain("3 jobs");
    expect(list.queryByText("test (16)")).toBeNull();
    // The page shows what runs.
    expect(list.getByText("test (20)")).toBeTruthy();
    expect(list.getByRole("heading").textContent).toBe("5 jobs");
    fireEvent.click(group);
    expect(list.getByText("test (16)")).toBeTruthy();
    expect(list.getByText("attempt 2")).toBeTruthy();
  });

  it("say what they wait for", async () => {
    open("?job=deploy");
    const list = await jobs();
    expect(list.getByText("waits for test")).toBeTruthy();
    expect(list.getByText("waits for the concurrency group “registry”")).toBeTruthy();
    await screen.findByText("It waits for test.");
  });

  it("open where the address names a group, and show one of its jobs", async () => {
    open("?job=test");
    const list = await jobs();
    expect(list.getByText("test (16)")).toBeTruthy();
    await screen.findByRole("region", { name: "Log of test (20)" });
  });

  it("have steps under what brought them, set-up and clean-up apart, and say why one was skipped", async () => {
    open("?job=test%231");
    const list = await jobs();
    expect(list.getByText("Set-up")).toBeTruthy();
    expect(list.getByText("Clean-up")).toBeTruthy();
    expect(list.getByText("left out, for a step before it failed")).toBeTruthy();
    expect(list.queryByText("Inner one")).toBeNull();
    fireEvent.click(list.getByRole("button", { name: "Steps of Set up" }));
    expect(list.getByText("Inner one")).toBeTruthy();
    expect(list.getByText("a.js:4")).toBeTruthy();
  });
});

const TRIED: Run = {
  runId: "r-2",
  workflow: { name: "ci", file: "ci.yml" },
  state: "failure",
  jobs: [
    job("call", "success", { group: true, calls: "./.github/workflows/called.yml", outputs: { version: "1.2" } }),
    job("call/build", "success", { parent: "call" }),
    job("gone", "lost", { reason: { code: "unreachable", message: "the engine does not answer" } }),
    job("flaky", "failure", {
      attempt: 2,
      earlier: [{ attempt: 1, state: "lost", reason: { code: "session-lost", message: "its container is gone" } }],
      outputs: { token: "a\nb" },
      steps: [
        step("0", "Connect", {
          state: "failure",
          exitCode: 7,
          startedAt: "2026-01-01T00:00:02Z",
          earlier: [{ exitCode: 6, startedAt: "2026-01-01T00:00:00Z", finishedAt: "2026-01-01T00:00:01Z" }],
        }),
        step("1", "Serve", { background: true, state: "running" }),
        step("2", "Wait", { state: "running", waitsFor: ["1", "0"] }),
      ],
    }),
  ],
};

function openTried(query: string) {
  const log = (message: string) => ({
    ...LOG,
    lines: [{ line: 1, stream: "stdout", step: "0", message }],
    total: 1,
    next: 2,
  });
  return openStudio(`/runs/r-2${query}`, {
    "/api/runs/r-2": TRIED,
    "/api/runs/r-2/jobs/flaky/logs": log("of one attempt"),
    "/api/runs/r-2/jobs/gone/logs": log("gone"),
    "/api/runs/r-2/jobs/call%2Fbuild/logs": log("built"),
    "/api/runs/r-2/jobs/flaky/attempts/1": {
      ...TRIED.jobs?.[3]?.earlier?.[0],
      steps: [step("0", "Connect", { state: "lost" })],
    },
  });
}

describe("a job that was tried more than once", () => {
  it("has its attempts beside each other, and opens the log of each", async () => {
    const studio = openTried("?job=flaky");
    const attempts = within(await screen.findByRole("navigation", { name: "Attempts at flaky" }, FOUND));
    const shown = () => attempts.getAllByRole("link").find((link) => link.getAttribute("aria-current") === "page");
    expect(shown()?.textContent).toContain("Attempt 2");
    await waitFor(() => expect(studio.queries.some((query) => query.startsWith("attempt=2&"))).toBe(true));
    fireEvent.click(attempts.getByRole("link", { name: /Attempt 1/ }));
    await screen.findByText("its container is gone", {}, FOUND);
    expect(studio.router.state.location.search).toEqual({ job: "flaky", attempt: 1 });
    expect(shown()?.textContent).toContain("Attempt 1");
    await waitFor(() => expect(studio.queries.some((query) => query.startsWith("attempt=1&"))).toBe(true));
    // The steps are those of that attempt.
    const list = await jobs();
    await waitFor(() => expect(list.queryByText("Serve")).toBeNull());
    expect(document.querySelector('[data-step="0"]')?.getAttribute("data-step-state")).toBe("lost");
  });

  it("has the attempts at a step below it, with how each ended", async () => {
    openTried("?job=flaky");
    const list = await jobs();
    const tries = await list.findByRole("list", { name: "Attempts at Connect" });
    expect([...tries.querySelectorAll("li")].map((item) => item.textContent)).toEqual([
      "failureAttempt 1exit code 61.0 s",
      expect.stringContaining("exit code 7"),
    ]);
  });

  it("says what runs in the background, and what waits for it", async () => {
    openTried("?job=flaky");
    const list = await jobs();
    expect(list.getByText("background")).toBeTruthy();
    expect(list.getByText("waits for Serve")).toBeTruthy();
  });
});

const AGAIN: Run = {
  runId: "r-3",
  workflow: { name: "ci", file: "ci.yml" },
  state: "failure",
  jobs: [job("flaky", "failure", { reused: { run: "r-2", attempt: 1, jobAttempt: 2 } })],
};

describe("a job that was reused", () => {
  for (const [page, path] of [
    ["its run", "/runs/r-3?job=flaky"],
    ["the logs", "/logs?run=r-3&job=flaky"],
  ] as const) {
    it(`has its log with its steps on the page of ${page}`, async () => {
      const studio = openStudio(path, {
        "/api/runs/r-3": AGAIN,
        "/api/runs/r-2": TRIED,
        "/api/runs/r-3/jobs/flaky/logs": LOG,
      });
      await screen.findByText(/1 is not 2/, {}, FOUND);
      expect(screen.queryByText("Step 0")).toBeNull();
      expect(screen.getAllByText("Connect").length).toBeGreaterThan(0);
      expect(studio.queries.some((query) => query.startsWith("attempt=2&"))).toBe(true);
      expect(studio.queries.some((query) => query.startsWith("attempt=1&"))).toBe(false);
    });
  }

  it("shows its steps, why it failed, and the way to where it ran", async () => {
    const studio = openStudio("/runs/r-3?job=flaky", {
      "/api/runs/r-3": AGAIN,
      "/api/runs/r-2": TRIED,
      "/api/runs/r-3/jobs/flaky/logs": LOG,
      "/api/runs/r-2/jobs/flaky/logs": LOG,
    });
    const list = await jobs();
    expect(list.getByText("reused from attempt 1 of the run")).toBeTruthy();
    await list.findByText("Serve");
    const log = within(screen.getByRole("region", { name: "Log of flaky" }));
    expect(log.getByText(/^Step “Connect” failed with exit code 7/)).toBeTruthy();
    fireEvent.click(log.getByRole("link", { name: "reused from attempt 1 of the run" }));
    await waitFor(() => expect(studio.router.state.location.pathname).toBe("/runs/r-2"));
    expect(studio.router.state.location.search).toEqual({ job: "flaky" });
  });

  it("says when that run cannot be read, and still shows the log", async () => {
    openStudio("/runs/r-3?job=flaky", { "/api/runs/r-3": AGAIN, "/api/runs/r-3/jobs/flaky/logs": LOG });
    await screen.findByText(/The steps could not be read: nothing answers/, {}, FOUND);
    await screen.findByText(/1 is not 2/, {}, FOUND);
  });
});

describe("what a job gives", () => {
  it("is below its steps, folded", async () => {
    openTried("?job=flaky");
    const list = await jobs();
    fireEvent.click(list.getByRole("button", { name: "1 output of flaky" }));
    expect(list.getByText("token").closest("div")?.querySelector("dd")?.textContent).toBe("a\nb");
  });

  it("is at the head of a group, with what it calls", async () => {
    openTried("?job=call");
    const list = await jobs();
    expect(list.getByText("./.github/workflows/called.yml")).toBeTruthy();
    fireEvent.click(list.getByRole("button", { name: "1 output of call" }));
    expect(list.getByText("1.2")).toBeTruthy();
  });
});

describe("a job that is lost", () => {
  it("says why and what to do", async () => {
    openTried("?job=gone");
    const log = within(await screen.findByRole("region", { name: "Log of gone" }, FOUND));
    expect(log.getByText(/the engine does not answer/)).toBeTruthy();
    expect(log.getByText(/loom-runtime doctor/)).toBeTruthy();
  });
});

describe("what steps said", () => {
  it("is listed with a way to the step", async () => {
    const studio = open("?view=annotations");
    const list = within(await screen.findByRole("region", { name: "Annotations" }, FOUND));
    expect(list.getByText("a.js:4").closest("a")).toBeNull();
    fireEvent.click(list.getByRole("link", { name: "To test (18), Unit tests" }));
    await screen.findByRole("region", { name: "Log of test (18)" });
    expect(studio.router.state.location.search).toEqual({ job: "test#1", step: "0" });
  });

  it("is rendered, and harmless", async () => {
    open("?view=summary");
    const summary = await screen.findByRole("region", { name: "Summary" }, FOUND);
    await within(summary).findByRole("heading", { name: "Failed" }, FOUND);
    expect(within(summary).getByText("one").tagName).toBe("STRONG");
    expect(summary.querySelector("script, [href^=javascript]")).toBeNull();
    const current = screen
      .getByRole("navigation", { name: "Views of the run" })
      .querySelectorAll("[aria-current=page]");
    expect([...current].map((link) => link.textContent)).toEqual(["Summary 1"]);
  });
});

describe("a log", () => {
  it("folds groups and names levels", async () => {
    open("?job=test%231");
    const group = await screen.findByRole("button", { name: /^Install/ }, FOUND);
    expect(group.getAttribute("aria-expanded")).toBe("false");
    expect(group.textContent).toBe("Install 2 lines");
    expect(document.querySelector('[data-line="2"]')).toBeNull();
    expect(document.querySelector('[data-line][data-level="error"]')?.textContent).toContain("Error: 1 is not 2");
    expect(document.querySelector('[data-line][data-level="warning"]')?.textContent).toContain("Warning: old");
    fireEvent.click(group);
    await waitFor(() => expect(document.querySelector('[data-line="2"]')?.textContent).toContain("one"));
    // The marker that ends it says nothing.
    expect(document.querySelector('[data-line="4"]')).toBeNull();
  });

  it("opens the group that the address points into", async () => {
    open("?job=test%231&line=3");
    await waitFor(() => expect(document.querySelector('[data-marked="true"]')?.textContent).toContain("two"), FOUND);
  });

  describe("whose lines are chosen", () => {
    const marked = () =>
      [...document.querySelectorAll<HTMLElement>('[data-marked="true"]')].map(({ dataset }) => Number(dataset.line));
    const number = (line: number) => screen.findByRole("link", { name: `Line ${line}` }, FOUND);

    it("marks all from one to another, by Shift and a click", async () => {
      const { router } = open("?job=test%231&line=2");
      fireEvent.click(await number(5), { shiftKey: true });
      await waitFor(() => expect(router.state.location.search).toEqual({ job: "test#1", line: "2-5" }));
      await waitFor(() => expect(marked()).toEqual([2, 3, 5]));
      // To the other side of the one that was chosen first.
      fireEvent.click(await number(1), { shiftKey: true });
      await waitFor(() => expect(router.state.location.search).toMatchObject({ line: "1-2" }));
      // Without Shift it is one again.
      fireEvent.click(await number(5));
      await waitFor(() => expect(router.state.location.search).toEqual({ job: "test#1", line: 5 }));
      await waitFor(() => expect(marked()).toEqual([5]));
    });

    it("does so by the keyboard, and opens no other window", async () => {
      const { router } = open("?job=test%231&line=5");
      // What is not prevented is the browser's to do.
      expect(fireEvent.keyDown(await number(6), { key: "Enter", shiftKey: true })).toBe(false);
      await waitFor(() => expect(router.state.location.search).toMatchObject({ line: "5-6" }));
      expect(document.activeElement).toBe(await number(6));
      expect(fireEvent.keyDown(await number(1), { key: " ", shiftKey: true })).toBe(false);
      await waitFor(() => expect(router.state.location.search).toMatchObject({ line: "1-5" }));
      expect(fireEvent.keyDown(await number(6), { key: "Enter" })).toBe(true);
      expect(fireEvent.keyDown(await number(6), { key: "Enter", shiftKey: true, ctrlKey: true })).toBe(true);
    });

    it.each([
      ["6-2", [2, 3, 5, 6]],
      ["5-999999999", [5, 6]],
      ["1000-2000", []],
      ["2-x", []],
      ["0-0", []],
    ])("opens an address with %s", async (line, lines) => {
      open(`?job=test%231&line=${line}`);
      await number(6);
      await waitFor(() => expect(marked()).toEqual(lines));
    });

    it("has a link to copy, to the lines of this attempt", async () => {
      const writeText = vi.fn(async (_: string) => {});
      Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText } });
      onTestFinished(() => void Reflect.deleteProperty(navigator, "clipboard"));
      open("?job=test%231&line=2-5");
      const log = within(await screen.findByRole("region", { name: "Log of test (18)" }, FOUND));
      fireEvent.click(log.getByRole("button", { name: "Copy link to lines 2 to 5 of test (18)" }));
      await log.findByRole("button", { name: /^Copied/ });
      fireEvent.click(screen.getByRole("button", { name: "Copy link to this run" }));
      await screen.findByRole("button", { name: "Copied: link to this run" });
      expect(writeText.mock.calls.flat().map((address) => address.replace(window.location.origin, ""))).toEqual([
        "/runs/r-1?job=test%231&attempt=2&line=2-5",
        "/runs/r-1",
      ]);
    });

    it("is so on the page of logs, too", async () => {
      const studio = openStudio("/logs?run=r-1&job=test%231&line=2-3", {
        "/api/runs/r-1": RUN,
        "/api/runs/r-1/jobs/test%231/logs": LOG,
      });
      await waitFor(() => expect(marked()).toEqual([2, 3]), FOUND);
      fireEvent.click(await number(5), { shiftKey: true });
      await waitFor(() =>
        expect(studio.router.state.location.search).toEqual({ run: "r-1", job: "test#1", line: "2-5" }),
      );
      await screen.findByRole("button", { name: "Copy link to lines 2 to 5 of test (18)" });
    });
  });
});
