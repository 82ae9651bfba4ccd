/** Search in one log and in all logs: what is found, where it leads, and how it looks. */

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FoundLines, LogHit, Run } from "../src/api/types";
import { finishedRun, forgive, openPage, printedWord, sticksOut, violations, withBrowser } from "./harness";

const PICTURES = process.env.LOOM_E2E_PICTURES;

withBrowser();

const RUN: Run = {
  runId: "r-search",
  workflow: { name: "search", file: ".github/workflows/search.yml" },
  state: "success",
  startedAt: "2026-01-01T00:00:00Z",
  finishedAt: "2026-01-01T00:01:00Z",
  jobs: [{ id: "build", name: "build", state: "success", needs: [], steps: [] }],
};

const HITS = [20, 200, 390];

function message(line: number): string {
  if (line === 200) return "\u001b[31mred needle\u001b[0m";
  return HITS.includes(line) ? `a needle in line ${line}` : `hay ${line}`;
}

const LINES = Array.from({ length: 400 }, (_, index) => ({
  line: index + 1,
  stream: "stdout",
  message: message(index + 1),
}));
const LOG = { lines: LINES, from: 1, next: 401, total: 400, complete: true };

function hit(line: number, change: Partial<LogHit> = {}): LogHit {
  const place = { runId: "r-search", workflow: "search", job: "build", attempt: 1, line };
  const text = { timestamp: "2026-01-01T00:00:01Z", before: "a ", match: "needle", after: ` in line ${line}` };
  return { ...place, ...text, ...change };
}

const FOUND: FoundLines = {
  hits: HITS.map((line) => hit(line)),
  truncated: false,
  logs: 1,
  bytes: 4000,
  unreadable: 0,
};
const LONG = "x".repeat(300);
const ALL: FoundLines = {
  ...FOUND,
  hits: [...FOUND.hits, hit(7, { runId: "r-older", job: "deploy#1/test#0", attempt: 2, after: LONG })],
};
const answers = {
  "/api/runs/r-search": RUN,
  "/api/runs/r-search/jobs/build/logs": LOG,
  "/api/runs/r-search/logs/search": FOUND,
  "/api/logs/search": ALL,
};

describe("search in the log that is shown", () => {
  it("counts and marks the lines that match, and goes from one to the next around the end", async () => {
    const page = await openPage("/runs/r-search?job=build", { answers });
    await page.locator("[data-line='1']").waitFor();
    await page.keyboard.press("Control+f");
    const field = page.getByRole("searchbox", { name: "Search this log" });
    expect(await field.evaluate((one) => one === document.activeElement)).toBe(true);
    await page.keyboard.type("needle");
    const status = page.getByRole("search", { name: "This log" }).getByRole("status");
    await status.getByText("3 lines", { exact: true }).waitFor();
    expect(await page.getByTestId("hit-ticks").locator("i").count()).toBe(3);
    await page.keyboard.press("Enter");
    await status.getByText("1 of 3 lines").waitFor();
    expect(new URL(page.url()).searchParams.get("line")).toBe("20");
    expect(await page.locator("[data-line='20'][data-hit=true] mark").textContent()).toBe("needle");
    await page.keyboard.press("Enter");
    await status.getByText("2 of 3 lines").waitFor();
    // Within its colour.
    expect(await page.locator("[data-line='200'] mark").textContent()).toBe("needle");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.press("Shift+Enter");
    await status.getByText("3 of 3 lines").waitFor();
    expect(await page.locator("[data-line='390'][data-marked=true]").isVisible()).toBe(true);
    await page.getByRole("button", { name: "Next match" }).click();
    await status.getByText("1 of 3 lines").waitFor();
    await field.focus();
    await page.keyboard.press("Escape");
    await page.locator("mark").first().waitFor({ state: "detached" });
    expect(await status.textContent()).toBe("");
  });

  it("is reached by a slash, and says where a pattern is wrong", async () => {
    const run = await finishedRun();
    const { job } = await printedWord(run);
    const page = await openPage(`/runs/${run.runId}?job=${encodeURIComponent(job)}`);
    await page.locator("[data-line='1']").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("a(");
    await page.getByRole("button", { name: "Regular expression" }).click();
    await page.getByText(/unclosed group, at character 2/).waitFor();
    forgive(page, /400/);
  });

  it("finds a word where a step printed it", async () => {
    const run = await finishedRun();
    const { word, job, line } = await printedWord(run);
    const page = await openPage(`/runs/${run.runId}?job=${encodeURIComponent(job)}`);
    await page.getByRole("searchbox", { name: "Search this log" }).fill(word);
    await page.locator(`[data-line='${line}'][data-hit=true] mark`).first().waitFor();
  });
});

describe("search in all logs", () => {
  it("lists the lines by run, and a line leads to itself", async () => {
    const run = await finishedRun();
    const { word, job, line } = await printedWord(run);
    const page = await openPage("/logs");
    await page.getByRole("searchbox", { name: "Search the logs of all runs" }).fill(word);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.searchParams.get("q") === word);
    const found = page.locator(`li a[href*="${run.runId}"]`).first();
    expect(await found.locator("mark").textContent()).toBe(word);
    await found.click();
    await page.waitForURL((url) => url.pathname.endsWith(`/runs/${run.runId}`));
    await page.locator(`[data-line='${line}'][data-marked=true]`).waitFor();
    expect(new URL(page.url()).searchParams.get("job")).toBe(job);
  });

  it("goes on where the answer before stopped", async () => {
    const more = { ...FOUND, truncated: true, next: "391/1/r-search/build" };
    const page = await openPage("/logs?q=needle", { answers: { ...answers, "/api/logs/search": more } });
    await page.getByText("The first 3 lines").waitFor();
    const asked = page.waitForRequest((request) => new URL(request.url()).searchParams.get("cursor") === more.next);
    await page.getByRole("button", { name: "Search on" }).click();
    await asked;
  });

  it("says when nothing matches", async () => {
    const page = await openPage("/logs?q=surely-nothing-has-this-in-it");
    await page.getByText(/^No line of .* matches\.$/).waitFor();
  });
});

describe("how search looks", () => {
  for (const theme of ["light", "dark"] as const) {
    for (const width of [1280, 380]) {
      it(`in a log and in all logs, ${theme}, ${width} wide`, async () => {
        const page = await openPage("/runs/r-search?job=build&line=20", { answers, theme, width });
        await page.locator("[data-line='20']").waitFor();
        await page.getByRole("searchbox", { name: "Search this log" }).fill("needle");
        await page.getByText("1 of 3 lines").waitFor();
        if (PICTURES) await page.screenshot({ path: join(PICTURES, `log-search-${theme}-${width}.png`) });
        expect(await violations(page)).toEqual([]);
        expect(await sticksOut(page)).toEqual([]);
        const all = await openPage("/logs?q=needle", { answers, theme, width });
        await all.locator("li mark").first().waitFor();
        if (PICTURES) await all.screenshot({ path: join(PICTURES, `logs-search-${theme}-${width}.png`) });
        expect(await violations(all)).toEqual([]);
        expect(await sticksOut(all)).toEqual([]);
      });
    }
  }
});
