/** The rates of many as small lines, in the list, by type and on an actor's page. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPage, sticksOut, violations, withBrowser } from "./harness";
import { Process } from "./process";

withBrowser();

const ID = `rates-${Date.now().toString(36)}`;
const TYPE = `Rates${Date.now().toString(36)}`;
const ids = Array.from({ length: 80 }, (_, index) => `${ID}-${String(index).padStart(2, "0")}`);
const application = new Process(ID);

beforeAll(async () => {
  // The first sends to nobody; it has the others as its children.
  application.says = (turn) => ids.map((id, index) => ({ id, messageCount: turn * index }));
  await application.start(
    ids.map((id, index) => ({
      id,
      type: TYPE,
      status: "active",
      messageCount: 0,
      uptime: 0,
      ...(index > 0 && { parentId: ids[0] }),
    })),
  );
});
afterAll(() => application.stop());

const LIST = `/actors?filter=${ID}`;

type Asked = { window: number; actors?: string[]; types?: string[] };

async function asksOf(path: string, view: Parameters<typeof openPage>[1] = {}) {
  const page = await openPage("/nowhere", view);
  const asked: Asked[] = [];
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/api/rates") asked.push(request.postDataJSON());
  });
  await page.goto(new URL(path, page.url()).href);
  return { page, asked };
}

describe("the lines of a list", () => {
  it("are drawn from what passed, asked for in one question for the rows in sight", async () => {
    const { page, asked } = await asksOf(LIST);
    await page.locator(`[data-actor="${ids[9]}"] [data-sparkline="drawn"]`).waitFor();
    const label = await page.locator(`[data-actor="${ids[9]}"] [data-sparkline]`).getAttribute("aria-label");
    expect(label).toMatch(/^In the last minute at most .+\/s, last .+/);
    const rows = await page.locator("[data-actor]").count();
    const first = asked[0];
    expect(first?.window).toBe(60);
    expect(first?.actors?.length).toBeLessThanOrEqual(rows);
    expect(Math.max(...asked.map(({ actors }) => actors?.length ?? 0))).toBeLessThan(60);
    // Rows that come into sight have theirs soon, and those out of sight are not asked for any more.
    await page.getByRole("grid").focus();
    await page.keyboard.press("End");
    await page.locator(`[data-actor="${ids[79]}"] [data-sparkline="drawn"]`).waitFor();
    expect(asked.at(-1)?.actors).not.toContain(ids[0]);
  });

  it("are of the time that the address names", async () => {
    const { page, asked } = await asksOf(LIST);
    await page.locator(`[data-actor="${ids[9]}"] [data-sparkline="drawn"]`).waitFor();
    await page.getByText("10 min", { exact: true }).click();
    await expect.poll(() => new URL(page.url()).searchParams.get("window")).toBe("600");
    await expect.poll(() => asked.at(-1)?.window).toBe(600);
    await page.reload();
    await expect.poll(() => asked.at(-1)?.window).toBe(600);
    expect(await page.getByRole("radio", { name: "10 min" }).isChecked()).toBe(true);
    await page.getByText("60 s", { exact: true }).click();
    await expect.poll(() => new URL(page.url()).searchParams.get("window")).toBe(null);
  });

  it("have their room before they are there: nothing moves", async () => {
    const page = await openPage("/nowhere");
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route("**/api/rates", async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(new URL(LIST, page.url()).href);
    const cell = page.locator(`[data-actor="${ids[9]}"] [data-column="rate"]`);
    const waiting = cell.locator('[data-sparkline="none"]');
    await waiting.waitFor();
    const box = () => cell.locator("[data-sparkline]").boundingBox();
    const before = await box();
    answer();
    await cell.locator('[data-sparkline="drawn"]').waitFor();
    expect(await box()).toEqual(before);
  });

  for (const theme of ["light", "dark"] as const) {
    it(`are seen and heard in the ${theme} theme, at every width`, async () => {
      const { page } = await asksOf(LIST, { theme, width: 380, height: 800 });
      for (const width of [380, 800, 1280, 1920]) {
        await page.setViewportSize({ width, height: 800 });
        await page.locator(`[data-actor="${ids[9]}"] [data-sparkline="drawn"]`).waitFor();
        expect(await sticksOut(page), `${width}`).toEqual([]);
      }
      expect(await violations(page)).toEqual([]);
      const stroke = () =>
        page
          .locator(`[data-actor="${ids[9]}"] [data-sparkline] path`)
          .first()
          .evaluate((path) => getComputedStyle(path).stroke);
      const plain = await stroke();
      await page.emulateMedia({ forcedColors: "active" });
      await expect.poll(stroke).not.toBe(plain);
    });
  }
});

describe("elsewhere", () => {
  it("each type has one, over the same time as its numbers", async () => {
    const { page, asked } = await asksOf("/types?window=300");
    await page
      .locator(`[data-type="${TYPE}"] [data-sparkline="drawn"], [data-type="${TYPE}"] [data-sparkline="empty"]`)
      .waitFor();
    expect(asked[0]).toMatchObject({ window: 300 });
    expect(asked[0]?.types).toContain(TYPE);
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 380, height: 800 });
    expect(await sticksOut(page)).toEqual([]);
  });

  it("so have the children of an actor, and its charts are of that time", async () => {
    const { page, asked } = await asksOf(`/actors/${ids[0]}?tab=children`);
    await page.locator(`[data-child="${ids[5]}"] [data-sparkline="drawn"]`).waitFor();
    expect(asked[0]?.actors).toContain(ids[5]);
    await page.getByText("last 1 min").first().waitFor();
    await page.getByText("5 min", { exact: true }).click();
    await page.getByText("last 5 min").first().waitFor();
    expect(await violations(page)).toEqual([]);
  });
});
