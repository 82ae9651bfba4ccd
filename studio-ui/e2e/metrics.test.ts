/** Metrics over time, from what a process that this file plays has told a running studio. */

import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MetricHistory } from "../src/api/history";
import { api, forgive, openPage, sticksOut, until, violations, withBrowser } from "./harness";
import { Process } from "./process";

withBrowser();

const ID = `metrics-${Date.now().toString(36)}`;
const TYPE = `Metrics${Date.now().toString(36)}`;
const TYPES = ["Order", "Cart", "Till"].map((word) => `${TYPE}${word}`);
const ids = TYPES.map((_, index) => `${ID}-${index}`);
const application = new Process(ID);
const OWN = `filter=type%3A${TYPE}*`;

const asked = (of: string) => api<MetricHistory>(`/api/history?${of}`);

beforeAll(async () => {
  application.says = (turn) =>
    ids.map((id, index) => ({ id, messageCount: turn * (index + 1) * 10, queueDepth: index }));
  application.tells = (turn) => ({
    types: TYPES.map((type, index) => ({
      ...{ type, live: 1, queued: index },
      messages: [{ type: "Add", handled: turn * (index + 1) * 10 }],
    })),
    process: { cpuUs: turn * 50_000, memory: 80_000_000 + turn * 1000, files: 41 },
  });
  await application.start(ids.map((id, index) => ({ id, type: TYPES[index], status: "active", messageCount: 0 })));
  await until("the studio to remember some seconds", async () => {
    const { series } = await asked(`by=type&metric=rate&${OWN}`);
    const known = series.map(({ values }) => values.filter((value) => value !== null && value > 0).length);
    return known.length === TYPES.length && Math.min(...known) > 4 ? true : undefined;
  });
});
afterAll(() => application.stop());

const picture = (page: Page, name: string) => page.getByRole("application", { name: `${name} over time` });
const search = (page: Page) => new URL(page.url()).searchParams;

/** The colours that are drawn in a picture, as many as there are. */
function inked(page: Page, key: string): Promise<number> {
  return page.locator(`[data-trend="${key}"] canvas`).evaluate((canvas: HTMLCanvasElement) => {
    const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    let count = 0;
    for (let at = 3; at < data.length; at += 4) if ((data[at] ?? 0) > 0) count += 1;
    return count;
  });
}

describe("the pictures", () => {
  it("show what passed before the page was opened", async () => {
    const page = await openPage(`/trends?${OWN}&by=type`);
    await expect.poll(() => inked(page, "rate")).toBeGreaterThan(100);
    const box = await picture(page, "Messages").boundingBox();
    // The newest seconds are at the right end; not all of them are there yet.
    if (box) await page.mouse.move(box.x + box.width * 0.995, box.y + 20);
    await page.keyboard.press("Escape");
    for (const type of TYPES) await page.getByRole("button", { name: type, exact: true }).waitFor();
  });

  it("go on each second, and not all of it is asked for again", async () => {
    const page = await openPage("/nowhere");
    const points: number[] = [];
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.pathname !== "/api/history" || url.searchParams.get("by") !== "all") return;
      points.push(Number(url.searchParams.get("points")));
    });
    await page.goto(new URL("/trends", page.url()).href);
    await expect.poll(() => points.filter((count) => count < 60).length, { timeout: 15_000 }).toBeGreaterThan(3);
    expect(points[0]).toBe(601);
    // Where the page is served by its own server for development, it mounts twice.
    const small = points.slice(points.findIndex((count) => count < 60));
    expect(points.length - small.length).toBeLessThan(3);
    expect(Math.max(...small)).toBeLessThan(60);
  });

  it("have a gap where nobody was heard, and not a zero", async () => {
    const values = Array.from({ length: 11 }, (_, step) => (step === 5 ? null : 8));
    const series = [{ by: "all", name: "all", metric: "rate", unit: "perSecond", values, max: values }];
    const history = { from: 1e12, to: 1e12 + 11_000, step: 1000, series, more: 0, leftOut: 0, since: 1e11 };
    const page = await openPage("/trends?panels=rate", { answers: { "/api/history": history } });
    await expect.poll(() => inked(page, "rate")).toBeGreaterThan(100);
    /** Of a column of the picture how much is drawn: the area below a line, or the lines of the grid alone. */
    const column = (step: number) =>
      page.locator('[data-trend="rate"] canvas').evaluate((canvas: HTMLCanvasElement, share) => {
        const ratio = canvas.width / canvas.clientWidth;
        const [left, right] = [58 * ratio, canvas.width - 12 * ratio];
        const x = Math.round(left + (right - left) * share);
        const data = canvas.getContext("2d")?.getImageData(x, 0, 1, canvas.height - 30 * ratio).data ?? [];
        let count = 0;
        for (let at = 3; at < data.length; at += 4) if ((data[at] ?? 0) > 0) count += 1;
        return count / ratio;
      }, step / 11);
    expect(await column(2.5)).toBeGreaterThan(60);
    expect(await column(5.2)).toBeLessThan(20);
    expect(await column(8.5)).toBeGreaterThan(60);
  });

  it("say that they stand still when questions fail or stall, and go on by themselves", async () => {
    const page = await openPage("/trends");
    await page.getByText(/a value each second/).waitFor();
    await page.route("**/api/history?**", (route) => route.abort("connectionreset"));
    await page.getByText("Stands still.").waitFor();
    expect(await page.locator('[data-trend="rate"] canvas').isVisible()).toBe(true);
    await page.unroute("**/api/history?**");
    await page.getByText("Stands still.").waitFor({ state: "detached" });
    forgive(page, /net::ERR_CONNECTION_RESET/);
  });

  it("show one moment in all of them, with its time and its unit", async () => {
    const page = await openPage("/trends");
    await page.locator('[data-trend="rate"] canvas').waitFor();
    const box = await picture(page, "Messages").boundingBox();
    if (box === null) throw new Error("the picture has no place");
    await page.mouse.move(box.x + box.width * 0.9, box.y + 30);
    await picture(page, "Messages")
      .getByText(/^\d\d:\d\d:\d\d$/)
      .waitFor();
    const lines = () => page.locator("[role=application] > [class*=cursor]").count();
    await expect.poll(lines).toBeGreaterThan(5);
    await page.mouse.move(5, 5);
    await expect.poll(lines).toBe(0);
  });
});

describe("the range", () => {
  it("is chosen by a drag, for all of them, and a double click goes back", async () => {
    const page = await openPage("/trends?panels=rate,errors");
    await page.locator('[data-trend="rate"] canvas').waitFor();
    const box = await picture(page, "Errors").boundingBox();
    if (box === null) throw new Error("the picture has no place");
    // To now: a studio that has just begun knows nothing before that, and draws nothing of it.
    await page.mouse.move(box.x + box.width * 0.59, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.99, box.y + 60, { steps: 6 });
    await page.mouse.up();
    await expect.poll(() => search(page).has("from")).toBe(true);
    const length = Date.parse(search(page).get("to") ?? "") - Date.parse(search(page).get("from") ?? "");
    expect(Math.abs(length - 240_000)).toBeLessThan(8000);
    await page.getByRole("button", { name: "From … to …", pressed: true }).waitFor();
    await picture(page, "Messages").dblclick();
    await expect.poll(() => search(page).has("from")).toBe(false);
    expect(search(page).get("panels")).not.toBe(null);
  });

  it("is chosen by keys alone, and what is under the cursor is said", async () => {
    const page = await openPage("/trends?panels=rate");
    await page.locator('[data-trend="rate"] canvas').waitFor();
    await page.getByText(/a value each second/).waitFor();
    await page.getByRole("button", { name: "Open files" }).focus();
    await page.keyboard.press("Tab");
    const bell = page.getByRole("link", { name: "Warn me about Messages" });
    expect(await bell.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press("Tab");
    const messages = picture(page, "Messages");
    expect(await messages.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press("End");
    for (let step = 0; step < 8; step += 1) await page.keyboard.press("ArrowLeft");
    await messages
      .locator("[aria-live]")
      .getByText(/^\d\d:\d\d:\d\d: Messages [\d.,]+\/s$/)
      .waitFor({ state: "attached" });
    for (let step = 0; step < 6; step += 1) await page.keyboard.press("Shift+ArrowLeft");
    await page.keyboard.press("Enter");
    await expect.poll(() => search(page).has("from")).toBe(true);
    await page.keyboard.press("Backspace");
    await expect.poll(() => search(page).has("from")).toBe(false);
  });

  it("comes back by the browser's own way", async () => {
    const page = await openPage("/trends");
    await page.getByRole("button", { name: "A day" }).click();
    await expect.poll(() => search(page).get("range")).toBe("1d");
    await page.goBack();
    await page.getByRole("button", { name: "10 min", pressed: true }).waitFor();
  });
});

describe("lines", () => {
  it("lead to the actors of their type", async () => {
    const page = await openPage(`/trends?by=type&${OWN}`);
    await page.getByRole("link", { name: `Open ${TYPES[1]}` }).click();
    await page.locator(`[data-actor="${ids[1]}"]`).waitFor();
  });

  it("are hidden and shown, and the address says which", async () => {
    const page = await openPage(`/trends?by=type&panels=rate&${OWN}`);
    await page.locator('[data-trend="rate"] canvas').waitFor();
    await expect.poll(() => inked(page, "rate")).toBeGreaterThan(100);
    for (const type of TYPES) await page.getByRole("button", { name: type, exact: true }).click();
    await page.getByText("no line is shown").waitFor();
    await page.reload();
    await page.getByText("no line is shown").waitFor();
    await page.getByRole("button", { name: TYPES[0] ?? "", exact: true }).click();
    await page.getByText("no line is shown").waitFor({ state: "detached" });
  });

  it("are as numbers in tables, those of the studio", async () => {
    const page = await openPage(`/trends?by=type&view=table&panels=queue&${OWN}`);
    const numbers = page.getByRole("region", { name: "Numbers of Queue" });
    await expect
      .poll(() => numbers.getByRole("row").nth(6).getByRole("cell").allTextContents())
      .toEqual(expect.arrayContaining(["0", "1", "2"]));
  });
});

it("views that have a name stay in this browser", async () => {
  const page = await openPage(`/trends?by=type&range=2h`);
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByLabel("Keep what is shown as").fill("two hours");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "two hours", exact: true }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await page.goto(new URL("/trends", page.url()).href);
  await page.getByRole("button", { name: "Views (1)" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "two hours", exact: true }).click();
  await expect.poll(() => page.url()).toMatch(/\?(?=.*by=type)(?=.*range=2h)/);
});

describe("elsewhere", () => {
  it("an actor's page and a type's row have the last hour", async () => {
    const page = await openPage(`/actors/${ids[2]}`);
    await page.locator('[data-trend="rate"] canvas').waitFor();
    await page.locator('[data-trend="wait"]').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.goto(new URL("/types", page.url()).href);
    await page.getByRole("button", { name: `Messages of ${TYPES[2]}` }).click();
    await page.locator('[data-trend="rate"] canvas').waitFor();
    expect(await sticksOut(page)).toEqual([]);
    expect(await violations(page)).toEqual([]);
  });

  it("the overview shows at once what passed before it was opened, and leads here", async () => {
    const page = await openPage("/");
    await page.locator('[data-chart="Messages"] path').first().waitFor({ state: "attached" });
    await page.getByRole("region", { name: "Actors" }).getByRole("link", { name: "Metrics", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Metrics" }).waitFor();
  });
});

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  it.each([380, 800, 1280, 1920])("nothing sticks out at %d, and nothing moves", async (width) => {
    const page = await openPage(`/trends?by=type&${OWN}`, { theme, width, height: 900 });
    await page.locator('[data-trend="rate"] canvas').waitFor();
    await expect.poll(() => inked(page, "rate")).toBeGreaterThan(100);
    expect(await sticksOut(page)).toEqual([]);
    expect(await violations(page)).toEqual([]);
    const moved = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const seen = new PerformanceObserver((list) => {
            const shifts = list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[];
            resolve(shifts.filter((one) => !one.hadRecentInput).reduce((sum, { value }) => sum + value, 0));
          });
          seen.observe({ type: "layout-shift", buffered: true });
          setTimeout(() => resolve(0), 500);
        }),
    );
    expect(moved).toBeLessThan(0.01);
  });
});
