/** The page of a run that has more than plain jobs: groups, nested steps, annotations, summaries, folds. */

import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Job, Run, Step } from "../api/types";
import { openStudio } from "../test-studio";

// The first visit of a page loads its code, which takes longer on a busy machine than the library waits by itself.
const FOUND = { timeout: 8000 };

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
    expect(list.getByText("its condition did not hold")).toBeTruthy();
    expect(list.queryByText("Inner one")).toBeNull();
    fireEvent.click(list.getByRole("button", { name: "Steps of Set up" }));
    expect(list.getByText("Inner one")).toBeTruthy();
    expect(list.getByText("a.js:4")).toBeTruthy();
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
});
