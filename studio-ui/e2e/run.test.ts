import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { api, finishedRun, openPage, printedWord, runEnded, until, WORKFLOW, withBrowser } from "./harness";

withBrowser();

/** Notes every state that a node of the graph shows from now on. */
async function watchNodes(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen: Record<string, string[]> = {};
    const look = () => {
      for (const node of document.querySelectorAll<HTMLElement>("[data-node]")) {
        const { node: id = "", nodeState = "" } = node.dataset;
        const states = seen[id] ?? [];
        if (states.at(-1) !== nodeState) states.push(nodeState);
        seen[id] = states;
      }
    };
    Object.assign(window, { seen });
    new MutationObserver(look).observe(document.body, { subtree: true, attributes: true, childList: true });
    look();
  });
}

function seenStates(page: Page): Promise<Record<string, string[]>> {
  return page.evaluate(() => (window as unknown as { seen: Record<string, string[]> }).seen);
}

/** The run whose page is open. */
function runOf(page: Page): string {
  return new URL(page.url()).pathname.split("/").at(-1) ?? "";
}

describe("a run", () => {
  it("starts by a click, its nodes change without a reload, and the page shows the word that a step printed", async () => {
    const page = await openPage("/workflows");
    await watchNodes(page);
    await page.getByRole("button", { name: `Start ${WORKFLOW}`, exact: true }).click();
    await page.waitForURL(/\/runs\/[^/?]+/);
    await page.locator("[data-node]").first().waitFor();
    const run = await runEnded(runOf(page));
    expect(run.state).toBe("success");
    for (const job of run.jobs ?? []) {
      await page.locator(`[data-node="${job.id}"][data-node-state="success"]`).waitFor();
    }
    const states = Object.values(await seenStates(page));
    expect(states).toHaveLength(run.jobs?.length ?? 0);
    expect(states.some((seen) => seen.length >= 2 && seen.includes("running"))).toBe(true);

    const { word, job, line } = await printedWord(run);
    await page.locator(`[data-node="${job}"]`).click();
    await page.locator(`[data-line="${line}"]`, { hasText: word }).waitFor();
  });

  it("has one stop of the keyboard in its log, from which arrows go on line by line", async () => {
    const run = await finishedRun();
    const { job } = await printedWord(run);
    const lines = Array.from({ length: 100 }, (_, index) => ({
      line: index + 1,
      stepId: "0",
      stream: "stdout",
      timestamp: run.createdAt,
      message: `line ${index + 1}`,
    }));
    const page = await openPage(`/logs?run=${run.runId}&job=${encodeURIComponent(job)}`, {
      answers: {
        [`/api/runs/${run.runId}/jobs/${encodeURIComponent(job)}/logs`]: {
          lines,
          from: 1,
          next: 101,
          total: 100,
          complete: true,
        },
      },
    });
    const log = page.getByRole("region", { name: "Log", exact: true });
    await log.locator("[data-line]").nth(1).waitFor();
    expect(await log.locator("[tabindex='0']").count()).toBe(1);
    await log.focus();
    await page.keyboard.press("Tab");
    const at = () => page.evaluate(() => document.activeElement?.closest<HTMLElement>("[data-line]")?.dataset.line);
    await page.keyboard.press("Home");
    await expect.poll(at).toBe("1");
    await page.keyboard.press("ArrowDown");
    await expect.poll(at).toBe("2");
    await page.keyboard.press("ArrowUp");
    await expect.poll(at).toBe("1");
    await page.keyboard.press("End");
    await expect.poll(at).toBe("100");
    await page.keyboard.press("PageUp");
    await expect.poll(at).toBe("80");
    await page.keyboard.press("Home");
    await expect.poll(at).toBe("1");
    await page.keyboard.press("Enter");
    await page.locator('[data-line="1"][data-marked="true"]').waitFor();
    expect(await log.locator("[tabindex='0']").count()).toBe(1);
    // The next stop is behind the log.
    await page.keyboard.press("Tab");
    expect(await at()).toBeUndefined();
  });

  it("can be reached by a link to a line, and the list says what the graph shows", async () => {
    const run = await finishedRun();
    const { word, job, line } = await printedWord(run);
    const page = await openPage(`/runs/${run.runId}?job=${encodeURIComponent(job)}&line=${line}`);
    const marked = page.locator('[data-marked="true"]');
    await marked.waitFor();
    expect(await marked.textContent()).toContain(word);
    for (const { id, state } of run.jobs ?? []) {
      expect(await page.locator(`[data-node="${id}"]`).getAttribute("data-node-state")).toBe(state);
      expect(await page.locator(`[data-job="${id}"]`).getAttribute("data-job-state")).toBe(state);
    }
  });

  it("appears in the history by itself, and its log on the page of logs", async () => {
    const page = await openPage("/runs");
    await page.locator('[data-connection="live"]').waitFor();
    const run = await finishedRun();
    await page.locator(`[data-run="${run.runId}"] [data-state="${run.state}"]`).waitFor();
    const { word, job, line } = await printedWord(run);
    await page.goto(new URL(`/logs?run=${run.runId}&job=${encodeURIComponent(job)}`, page.url()).href);
    await page.locator(`[data-line="${line}"]`, { hasText: word }).waitFor();
  });

  it("leads to its actor and to that of a job while they are there, and back from both", async () => {
    const page = await openPage("/workflows");
    await page.getByRole("button", { name: `Start ${WORKFLOW}`, exact: true }).click();
    await page.waitForURL(/\/runs\/[^/?]+/);
    const id = runOf(page);
    const own = page.getByRole("link", { name: /^run-/ });
    const ofJob = page.getByRole("link", { name: /^Actor that carries out / });
    await own.waitFor();
    await ofJob.click();
    const about = page.getByRole("region", { name: "About" });
    await about.getByText("Carries out the job").waitFor();
    await about.locator(`a[href*="/runs/${id}?job="]`).click();
    await page.getByRole("region", { name: "Graph of jobs" }).waitFor();
    await own.click();
    await about.getByText("Carries out").waitFor();
    await about.locator(`a[href$="/runs/${id}"]`).first().click();
    await page.getByRole("region", { name: "Graph of jobs" }).waitFor();
    await runEnded(id);
    await own.waitFor({ state: "detached" });
    await ofJob.waitFor({ state: "detached" });
  });

  it("keeps the end of a log in sight when something takes room from it", async () => {
    const run = await finishedRun();
    const { job } = await printedWord(run);
    const lines = Array.from({ length: 400 }, (_, at) => ({
      line: at + 1,
      stream: "stdout",
      step: "0",
      message: `${at + 1}`,
    }));
    const log = { lines, from: 1, next: 401, total: 400, complete: true };
    const path = `/api/runs/${run.runId}/jobs/${encodeURIComponent(job)}/logs`;
    const page = await openPage(`/logs?run=${run.runId}&job=${encodeURIComponent(job)}`, { answers: { [path]: log } });
    const last = page.locator('[data-line="400"]');
    await last.waitFor();
    const inSight = () =>
      last.evaluate((element) => {
        const list = element.closest("[aria-label=Log]")?.getBoundingClientRect();
        return element.getBoundingClientRect().bottom <= (list?.bottom ?? 0) + 1;
      });
    expect(await inSight()).toBe(true);
    await page.setViewportSize({ width: 1280, height: 500 });
    await until("the end to be in sight", async () => (await inSight()) || undefined, 5000);
  });

  it("is one run for a double click", async () => {
    const page = await openPage("/workflows");
    const count = async () => (await api<{ total: number }>("/api/v1/runs?limit=1")).total;
    const before = await count();
    await page.getByRole("button", { name: `Start ${WORKFLOW}`, exact: true }).dblclick();
    await page.waitForURL(/\/runs\/[^/?]+/);
    await runEnded(runOf(page));
    expect(await count()).toBe(before + 1);
  });

  it("says that a job is not there, and offers those that are", async () => {
    const run = await finishedRun();
    const { word, job, line } = await printedWord(run);
    const page = await openPage(`/logs?run=${run.runId}&job=unknown`);
    await page.getByText("This run has no job unknown.").waitFor();
    expect(await page.locator("[data-line]").count()).toBe(0);
    await page.getByRole("button", { name: new RegExp(`${job}$`) }).click();
    await page.locator(`[data-line="${line}"]`, { hasText: word }).waitFor();
  });

  it("ends when it is cancelled", async () => {
    const page = await openPage("/workflows");
    await page.getByRole("button", { name: `Start ${WORKFLOW}`, exact: true }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    const run = await runEnded(runOf(page));
    expect(run.state).toBe("cancelled");
    await page.locator("header [data-state=cancelled]").waitFor();
    expect(await page.getByRole("button", { name: /Cancel/ }).count()).toBe(0);
  });
});
