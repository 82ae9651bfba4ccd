/** A run with everything in it, answered in the studio's place: no studio need run for an hour to have one. */

import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { Job, Run, Step } from "../src/api/types";
import { openPage, sticksOut, violations, withBrowser } from "./harness";

withBrowser();

const ELSEWHERE = "https://elsewhere.invalid";
const SUMMARY = `# Tests

| suite | failed |
| - | - |
| unit | **1** |

<details><summary>More</summary>

- [x] done

</details>

![badge](${ELSEWHERE}/a.png) <img src="${ELSEWHERE}/b.png" onerror="window.ran = 1"> <script>window.ran = 2</script>
<div style="background: url(${ELSEWHERE}/c.png)">[link](javascript:window.ran=3)</div>
`;

function step(id: string, name: string, more: Partial<Step> = {}): Step {
  return { index: 0, id, phase: "main", name, state: "success", ...more };
}

function job(id: string, state: string, more: Partial<Job> = {}): Job {
  return { id, name: id, state, needs: [], steps: [step("0", "Build")], ...more };
}

const COMBINATIONS = Array.from({ length: 256 }, (_, index) =>
  job(`test#${index}`, index === 200 ? "failure" : "success", {
    name: `test (${index}, a rather long value of a matrix)`,
    parent: "test",
    steps: [
      step("pre-1", "Pre Run actions/setup-node@v4", { phase: "pre" }),
      step("0", "Unit tests", {
        state: index === 200 ? "failure" : "success",
        ...(index === 200 && {
          exitCode: 1,
          annotations: [
            { level: "error", title: "Assertion", message: "1 is not 2", file: `${"long/".repeat(20)}a.js`, line: 4 },
            { level: "warning", message: "old" },
          ],
          summary: SUMMARY,
        }),
      }),
      step("1", "Run ./action"),
      step("1.0", "Inner", { parent: "1" }),
      step("2", "Upload", { state: "skipped" }),
      step("post-1", "Post Run actions/setup-node@v4", { phase: "post" }),
    ],
  }),
);

const RUN: Run = {
  runId: "r-all",
  workflow: { name: "everything", file: ".github/workflows/all.yml" },
  state: "failure",
  startedAt: "2026-01-01T00:00:00Z",
  finishedAt: "2026-01-01T00:01:00Z",
  jobs: [
    job("test", "failure", { group: true, steps: [] }),
    ...COMBINATIONS,
    job("deploy", "success", { group: true, steps: [], needs: ["test"], outputs: { version: "1.2" } }),
    job("deploy/build", "success", {
      name: "build",
      parent: "deploy",
      attempt: 3,
      startedAt: "2026-01-01T00:00:10Z",
      finishedAt: "2026-01-01T00:00:50Z",
      outputs: { notes: "one\ntwo" },
      earlier: [
        { attempt: 1, state: "lost", reason: { code: "session-lost", message: "`build` lost its container" } },
        { attempt: 2, state: "failure", startedAt: "2026-01-01T00:00:00Z", finishedAt: "2026-01-01T00:00:02Z" },
      ],
    }),
    job("publish", "skipped", { needs: ["test"], reason: { code: "needs", message: "it needs `test`, which failed" } }),
    job("late", "waiting", { waitsFor: "registry" }),
  ],
};

const LINES = ["##[group]Install", "one", "two", "##[endgroup]", "##[error]1 is not 2", "##[warning]old", "##[debug]x"];
const LOG = {
  lines: LINES.map((message, index) => ({ line: index + 1, stream: "stdout", step: "0", message })),
  from: 1,
  next: LINES.length + 1,
  total: LINES.length,
  complete: true,
};

const answers = {
  "/api/runs/r-all": RUN,
  "/api/runs/r-all/jobs/test%23200/logs": LOG,
  "/api/runs/r-all/jobs/deploy%2Fbuild/logs": LOG,
  "/api/runs/r-all/jobs/deploy%2Fbuild/attempts/2": {
    attempt: 2,
    state: "failure",
    steps: [
      step("0", "Connect", {
        state: "failure",
        exitCode: 7,
        background: true,
        startedAt: "2026-01-01T00:00:01Z",
        earlier: [{ exitCode: 6, startedAt: "2026-01-01T00:00:00Z", finishedAt: "2026-01-01T00:00:01Z" }],
      }),
    ],
  },
};

const VIEWS: [name: string, query: string, ready: string][] = [
  ["jobs", "", "[data-line='5']"],
  ["jobs of a group", "?job=test", "[data-line='5']"],
  ["an earlier attempt", "?job=deploy/build&attempt=2", "[data-try='2']"],
  ["waterfall", "?view=waterfall", "[data-bar]"],
  ["annotations", "?view=annotations", "[data-level=error]"],
  ["summary", "?view=summary", "[data-summary] table"],
];

async function openView(query: string, ready: string, view: object = {}): Promise<Page> {
  const page = await openPage(`/runs/r-all${query}`, { answers, ...view });
  await page.locator(ready).first().waitFor();
  // On a phone the graph is there, and out of sight.
  await page.locator("[data-node]").first().waitFor({ state: "attached" });
  return page;
}

describe.each(["light", "dark"] as const)("a run with everything, in the %s theme", (theme) => {
  it.each(VIEWS)("passes axe in the view of %s", async (_, query, ready) => {
    const page = await openView(query, ready, { theme });
    expect(await violations(page)).toEqual([]);
  });
});

describe("a run with everything", () => {
  it.each(VIEWS)("fits a narrow screen in the view of %s", async (_, query, ready) => {
    const page = await openView(query, ready, { width: 390, height: 844 });
    expect(await sticksOut(page)).toEqual([]);
    expect(await violations(page)).toEqual([]);
  });

  it("is one node a group, and one row until it is opened by the keyboard", async () => {
    const page = await openView("", "[data-line='5']");
    expect(await page.locator("[data-node]").count()).toBe(4);
    const rows = page.locator('[data-job^="test#"]');
    expect(await rows.count()).toBe(1);
    await page.locator('[data-job="test"] > button').focus();
    await page.keyboard.press("Enter");
    await rows.nth(100).waitFor();
    expect(await rows.count()).toBe(101);
    await page.getByRole("button", { name: "Show 100 more of 256" }).click();
    await rows.nth(199).waitFor();
  });

  it("opens an earlier attempt by the keyboard, and what a group gives", async () => {
    const page = await openView("?job=deploy", "[data-line='5']");
    await page.getByRole("button", { name: "1 output of deploy" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("1.2", { exact: true }).waitFor();
    await page.locator("[data-attempt='2']").focus();
    await page.keyboard.press("Enter");
    await page.locator("[data-try='2']").waitFor();
    expect(await page.locator("[data-attempt][aria-current=page]").allTextContents()).toEqual([
      expect.stringContaining("Attempt 2"),
    ]);
  });

  it("unfolds a group of the log by the keyboard, and stays there", async () => {
    const page = await openView("", "[data-line='5']");
    expect(await page.locator("[data-line='2']").count()).toBe(0);
    await page.getByRole("button", { name: /^Install/ }).focus();
    await page.keyboard.press("Enter");
    await page.locator("[data-line='2']").waitFor();
    expect(await page.getByRole("button", { name: /^Install/ }).isVisible()).toBe(true);
  });

  it("shows a summary that calls nobody and runs nothing", async () => {
    const page = await openView("", "[data-line='5']");
    const calls: string[] = [];
    page.on("request", (request) => calls.push(request.url()));
    await page.getByRole("link", { name: /^Summary/ }).click();
    await page.locator("[data-summary] table").waitFor();
    await page.getByText("More", { exact: true }).click();
    await page.waitForLoadState("networkidle");
    expect(calls.filter((url) => url.startsWith(ELSEWHERE))).toEqual([]);
    expect(await page.evaluate(() => (window as unknown as { ran?: number }).ran)).toBeUndefined();
    expect(await page.locator("[data-summary] :is(img, script, [style])").count()).toBe(0);
  });
});
