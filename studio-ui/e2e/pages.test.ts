import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Run } from "../src/api/types";
import { api, finishedRun, forgive, openPage, printedWord, sticksOut, violations, withBrowser } from "./harness";

withBrowser();

const ACTOR = `e2e-axe-${Date.now().toString(36)}`;
let run: Run;
let job: string;
let file: string;

beforeAll(async () => {
  await api("/api/actor/register", { id: ACTOR, type: "BrowserTestActor", status: "idle", metadata: { a: { b: 1 } } });
  run = await finishedRun();
  job = (await printedWord(run)).job;
  file = run.workflow.file ?? "";
}, 120_000);

afterAll(() => api("/api/actor/unregister", { id: ACTOR }));

/** Of a page that leaves something out on a phone, `narrow` is there in place of `ready`. */
const PAGES: { name: string; path: () => string; ready: string[]; narrow?: string[] }[] = [
  { name: "overview", path: () => "/", ready: ["[data-workflow]", "[data-chart]"] },
  { name: "actors", path: () => "/actors", ready: ["[data-actor]"] },
  { name: "actors as a tree", path: () => "/actors?view=tree", ready: ["[role=treeitem]"] },
  { name: "no actor that matches", path: () => "/actors?filter=nobody-has-this", ready: ["text=No actor matches."] },
  { name: "a filter that is none", path: () => "/actors?filter=wait%3A%3Efoo", ready: ["[role=grid]"] },
  { name: "an actor", path: () => `/actors?actor=${ACTOR}`, ready: [`[aria-label="Actor ${ACTOR}"] dl`] },
  { name: "one actor", path: () => `/actors/${ACTOR}`, ready: ["[role=tab]", "[data-chart]"] },
  ...["messages", "state", "children"].map((tab) => ({
    name: `the ${tab} of one actor`,
    path: () => `/actors/${ACTOR}?tab=${tab}`,
    ready: ["[role=tabpanel]", "[data-chart]"],
  })),
  { name: "an actor that is not there", path: () => "/actors/nobody", ready: ["text=does not know this actor"] },
  { name: "map", path: () => "/map", ready: ["[data-point]"], narrow: ["[data-node-row]"] },
  { name: "map as a picture", path: () => "/map?view=picture", ready: ["[data-point]"] },
  { name: "map as tables", path: () => "/map?view=table", ready: ["[data-node-row]"] },
  { name: "metrics", path: () => "/trends", ready: ["[data-trend=rate] canvas", "[data-trend=files]"] },
  { name: "metrics by type", path: () => "/trends?by=type&range=2h", ready: ["[data-trend=wait]"] },
  { name: "metrics as tables", path: () => "/trends?by=actor&view=table", ready: ["h2"] },
  {
    name: "metrics that no filter finds",
    path: () => "/trends?by=type&filter=type%3ANobody",
    ready: ["text=Show all"],
  },
  { name: "warnings", path: () => "/warnings", ready: ["[aria-label=Firing]"] },
  { name: "rules", path: () => "/warnings?view=rules", ready: ["[data-rule]"] },
  { name: "types", path: () => "/types", ready: ["[data-type]"] },
  { name: "workflows", path: () => "/workflows", ready: ["[data-workflow]"] },
  {
    name: "an editor",
    path: () => `/workflows/edit?file=${encodeURIComponent(file)}`,
    ready: ["[data-verdict]", "[data-node]"],
  },
  { name: "a new workflow", path: () => "/workflows/edit", ready: ["[data-verdict]", "[data-node]"] },
  { name: "runs", path: () => "/runs", ready: ["[data-run]"] },
  { name: "runs of a workflow", path: () => `/runs?workflow=${run.workflow.name}`, ready: ["[data-run]"] },
  {
    name: "runs of a day",
    path: () => "/runs?since=today&state=success&branch=none",
    ready: ["text=No run is like this."],
  },
  {
    name: "a filter of runs that is none",
    path: () => "/runs?since=soon",
    ready: ["text=The runs could not be read."],
  },
  { name: "a waterfall", path: () => `/runs/${run.runId}?view=waterfall`, ready: ["[data-bar]"] },
  { name: "annotations", path: () => `/runs/${run.runId}?view=annotations`, ready: ["[aria-label=Annotations]"] },
  { name: "a summary", path: () => `/runs/${run.runId}?view=summary`, ready: ["[aria-label=Summary]"] },
  { name: "a run that is not there", path: () => "/runs/nothing", ready: ["text=There is no run nothing."] },
  {
    name: "a run",
    path: () => `/runs/${run.runId}?job=${job}`,
    ready: ["[data-node]", "[data-line]"],
    narrow: ["[data-job]", "[data-line]"],
  },
  { name: "logs", path: () => `/logs?run=${run.runId}&job=${job}`, ready: ["[data-line]"] },
  { name: "no such page", path: () => "/nowhere", ready: ["h1"] },
];

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  it.each(PAGES)("the page of $name passes axe", async ({ path, ready }) => {
    const page = await openPage(path(), { theme });
    for (const selector of ready) await page.locator(selector).first().waitFor();
    await page.locator('[data-connection="live"]').waitFor();
    forgive(page, /40[04]/);
    expect(await page.locator("html").getAttribute("data-mantine-color-scheme")).toBe(theme);
    expect(await page.locator("h1").count()).toBe(1);
    expect(await violations(page)).toEqual([]);
  });
});

describe("on a narrow screen", () => {
  it.each(PAGES)("the page of $name fits and passes axe", async ({ path, ready, narrow = ready }) => {
    const page = await openPage(path(), { width: 380, height: 844 });
    for (const selector of narrow) await page.locator(selector).first().waitFor();
    forgive(page, /40[04]/);
    await page.locator('[data-connection="live"]').waitFor();
    expect(await sticksOut(page)).toEqual([]);
    expect(await violations(page)).toEqual([]);
    for (const name of ["Overview", "Runs", "Workflows", "Actors", "Map", "Metrics", "Logs"]) {
      expect(await page.getByRole("navigation").getByRole("link", { name, exact: true }).isVisible()).toBe(true);
    }
    // How many fire stands beside it.
    expect(
      await page
        .getByRole("navigation")
        .getByRole("link", { name: /^Warnings/ })
        .isVisible(),
    ).toBe(true);
  });
});

describe.each([800, 1280, 1920])("%i pixels wide", (width) => {
  it.each(PAGES)("the page of $name cuts nothing off", async ({ path, ready }) => {
    const page = await openPage(path(), { width, height: 900 });
    for (const selector of ready) await page.locator(selector).first().waitFor();
    forgive(page, /40[04]/);
    expect(await sticksOut(page)).toEqual([]);
  });
});

describe("the page", () => {
  it("asks again for code that did not come the first time", async () => {
    const page = await openPage("/actors");
    await page.locator("[data-actor]").first().waitFor();
    const cut = new Set<string>();
    await page.route("**/assets/*", (route) => {
      const url = route.request().url();
      if (cut.has(url)) return route.continue();
      cut.add(url);
      return route.abort("connectionreset");
    });
    await page.getByRole("navigation").getByRole("link", { name: "Runs", exact: true }).click();
    await page.locator(`[data-run="${run.runId}"] a[href*="${run.runId}"]`).first().click();
    await page.locator("[data-node]").first().waitFor();
    expect(cut.size).toBeGreaterThan(0);
    forgive(page, /net::ERR_CONNECTION_RESET/);
  });

  it("keeps the theme that was chosen", async () => {
    const page = await openPage("/actors");
    await page.getByText("Dark", { exact: true }).click({ force: true });
    await page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
    await page.reload();
    await page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
  });

  it("leads from every entry of the menu to a page with its name", async () => {
    const page = await openPage("/actors");
    for (const name of ["Workflows", "Runs", "Logs", "Actors", "Map", "Metrics", "Overview"]) {
      await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
      await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
    }
    await page
      .getByRole("navigation")
      .getByRole("link", { name: /^Warnings/ })
      .click();
    await page.getByRole("heading", { level: 1, name: "Warnings", exact: true }).waitFor();
  });

  it("says it when a run does not exist", async () => {
    const page = await openPage("/runs/no-such-run");
    await page.getByText("There is no run no-such-run.").waitFor();
    await page.getByRole("link", { name: "All runs" }).click();
    await page.getByRole("heading", { level: 1, name: "Runs", exact: true }).waitFor();
    forgive(page, /40[04]/);
  });
});
