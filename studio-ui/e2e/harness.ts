/**
 * A real browser on a running studio.
 *
 *   LOOM_E2E_URL        the studio's address; required
 *   LOOM_E2E_CHROMIUM   the browser (/usr/bin/chromium)
 *   LOOM_E2E_WORKFLOW   a workflow to start, of two jobs or more (diamond)
 *   LOOM_E2E_WORD       a word that one of its steps prints; without it the one that `diamond` makes up is looked for
 *   LOOM_E2E_LOCKED_URL a second studio, that wants a token; without it signing in is not tried
 *   LOOM_E2E_TOKEN      its token
 *   LOOM_E2E_SHOP_TOKEN one of its workspace shop alone, beside which it has bank; without it workspaces are not tried
 *
 * Every page that is opened has to stay without a console error to its end.
 */

import axe, { type AxeResults } from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { LogWindow, Run } from "../src/api/types";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const WORKFLOW = process.env.LOOM_E2E_WORKFLOW ?? "diamond";
export const STATES_OVER = ["success", "failure", "cancelled", "skipped", "lost"];
// What the browser says, not the page, when an interface comes or goes on this machine, as with each container of a job: it
// cuts what is on its way. That the page asks again is tried in pages.test.ts.
const INTERFACE_CHANGED = /net::ERR_NETWORK_CHANGED/;
const MADE_UP_WORD = /\bloom-[0-9a-f]{12}\b/;

let browser: Browser;
const opened: { page: Page; problems: string[] }[] = [];

/** Call once in every file. */
export function withBrowser(): void {
  beforeAll(async () => {
    const executablePath = process.env.LOOM_E2E_CHROMIUM ?? "/usr/bin/chromium";
    browser = await chromium.launch({ executablePath, args: ARGUMENTS });
  });
  afterEach(async () => {
    const problems = opened.flatMap((one) => one.problems);
    await Promise.all(opened.map(({ page }) => page.context().close()));
    opened.length = 0;
    expect(problems).toEqual([]);
  });
  afterAll(() => browser?.close());
}

type View = {
  theme?: "light" | "dark";
  width?: number;
  height?: number;
  at?: string;
  /** By path: what is answered in the studio's place. */
  answers?: Record<string, unknown>;
};

export async function openPage(path: string, view: View = {}): Promise<Page> {
  const { theme = "light", width = 1280, height = 800, at = studio(), answers = {} } = view;
  const context = await browser.newContext({ colorScheme: theme, viewport: { width, height } });
  const page = await context.newPage();
  const problems: string[] = [];
  opened.push({ page, problems });
  page.on("console", (message) => {
    if (message.type() !== "error" || INTERFACE_CHANGED.test(message.text())) return;
    problems.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`${page.url()}: ${error.stack ?? error.message}`));
  page.setDefaultTimeout(15_000);
  for (const [path, json] of Object.entries(answers)) {
    await page.route(
      (url) => url.pathname === path,
      (route) => route.fulfill({ json }),
    );
  }
  await page.goto(at + path).catch((error: Error) => {
    if (!INTERFACE_CHANGED.test(error.message)) throw error;
    return page.goto(at + path);
  });
  return page;
}

/** Console errors that a test brings about on purpose. */
export function forgive(page: Page, about: RegExp): void {
  const one = opened.find((candidate) => candidate.page === page);
  if (one) one.problems.splice(0, Number.POSITIVE_INFINITY, ...one.problems.filter((text) => !about.test(text)));
}

/** What reaches out of the window, or can be scrolled, to the right; the lines of a log, and of a file, may. */
export function sticksOut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wide = [...document.querySelectorAll<HTMLElement>("body *:not([aria-label=Log]):not([data-scrolls])")].filter(
      (element) =>
        ["auto", "scroll"].includes(getComputedStyle(element).overflowX) && element.scrollWidth > element.clientWidth,
    );
    const outside = document.documentElement.scrollWidth > window.innerWidth ? [document.documentElement] : [];
    return [...outside, ...wide].map(({ tagName, className }) => `${tagName} ${className}`);
  });
}

/** What is wrong with a page for those who do not see it, or do not see it well. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const results = (await page.evaluate("axe.run(document)")) as AxeResults;
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

export function studio(): string {
  const url = process.env.LOOM_E2E_URL;
  if (!url) throw new Error("LOOM_E2E_URL names no studio; `make test` starts one, or give the address of yours");
  return url.replace(/\/$/, "");
}

export async function api<T>(path: string, body?: unknown): Promise<T> {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(studio() + path, { ...init, headers: { "content-type": "application/json" } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** A run that has ended, started over HTTP. */
export async function finishedRun(): Promise<Run> {
  const { runId } = await api<{ runId: string }>(`/api/workflows/${WORKFLOW}/start`, {});
  return runEnded(runId);
}

export async function runEnded(runId: string): Promise<Run> {
  return until(`run ${runId} to end`, async () => {
    const run = await api<Run>(`/api/runs/${runId}`);
    return STATES_OVER.includes(run.state) ? run : undefined;
  });
}

/** A word that a step of this run printed, and where. */
export async function printedWord(run: Run): Promise<{ word: string; job: string; line: number }> {
  for (const job of run.jobs ?? []) {
    const path = `/api/runs/${run.runId}/jobs/${encodeURIComponent(job.id)}/logs?from=1&limit=500`;
    const { lines } = await api<LogWindow>(path);
    for (const { line, stream, message } of lines) {
      const given = process.env.LOOM_E2E_WORD;
      const word = given ? given : MADE_UP_WORD.exec(message)?.[0];
      if (stream === "stdout" && word && message.includes(word)) return { word, job: job.id, line };
    }
  }
  throw new Error(`no step of run ${run.runId} printed the word`);
}

/** Asks again until there is an answer; not for ever. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, millis = 90_000): Promise<T> {
  const deadline = Date.now() + millis;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${millis / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
