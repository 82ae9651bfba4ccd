/** Actors as a tree by who started them. */

import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPage, sticksOut, violations, withBrowser } from "./harness";
import { Process } from "./process";

withBrowser();

const ID = `tree-${Date.now().toString(36)}`;
const BOSS = `${ID}-boss`;
const [LEFT, RIGHT, DEEP] = [`${ID}-left`, `${ID}-right`, `${ID}-deep`];
const [STRAY, RING_1, RING_2] = [`${ID}-stray`, `${ID}-ring-1`, `${ID}-ring-2`];
const CROWD = `${ID}-crowd`;

const application = new Process(ID);
beforeAll(() => {
  const actor = (id: string, parentId?: string, status = "active") => ({
    id,
    type: "TreeActor",
    status,
    ...(parentId && { parentId }),
  });
  const crowd = Array.from({ length: 5200 }, (_, index) => `${CROWD}-${String(index).padStart(4, "0")}`);
  return application.start([
    actor(BOSS),
    actor(LEFT, BOSS),
    actor(RIGHT, BOSS, "idle"),
    actor(DEEP, RIGHT, "failed"),
    actor(STRAY, `${ID}-nobody`),
    actor(RING_1, RING_2),
    actor(RING_2, RING_1),
    ...crowd.map((id) => actor(id, CROWD)),
    actor(CROWD),
  ]);
});
afterAll(() => application.stop());

/** Of the small family alone: the crowd is another. */
const FAMILY = `/actors?view=tree&filter=${encodeURIComponent(`${ID} -${CROWD}`)}`;

function line(page: Page, id: string) {
  return page.locator(`[role="treeitem"][data-actor="${id}"]`);
}

async function ids(page: Page): Promise<(string | null)[]> {
  const lines = page.getByRole("treeitem");
  return lines.evaluateAll((items) => items.map((item) => item.getAttribute("data-actor")));
}

describe("the tree of actors", () => {
  it("is a way to look at the same filter as the list", async () => {
    const page = await openPage(`/actors?filter=${BOSS}`);
    await page.getByRole("link", { name: "Tree" }).click();
    await line(page, BOSS).waitFor();
    expect(new URL(page.url()).searchParams.get("filter")).toBe(BOSS);
    expect(await page.getByRole("link", { name: "Tree" }).getAttribute("aria-current")).toBe("page");
    expect(await page.getByRole("link", { name: "List" }).getAttribute("aria-current")).toBe(null);
    await page.getByRole("link", { name: "List" }).click();
    await page.getByRole("grid").waitFor();
    expect(new URL(page.url()).searchParams.get("filter")).toBe(BOSS);
  });

  it("has children below their parents, and tells of what is folded away", async () => {
    const page = await openPage(FAMILY);
    await line(page, DEEP).waitFor();
    expect(await ids(page)).toEqual([BOSS, LEFT, RIGHT, DEEP, RING_1, RING_2, STRAY]);
    expect(await line(page, DEEP).getAttribute("aria-level")).toBe("3");
    await page.getByRole("button", { name: "Close all" }).click();
    await line(page, LEFT).waitFor({ state: "detached" });
    expect(await ids(page)).toEqual([BOSS, RING_1, STRAY]);
    await line(page, BOSS).getByText("3 below").waitFor();
    expect(await line(page, BOSS).locator("[data-worst]").getAttribute("data-worst")).toBe("failed");
    await line(page, STRAY).getByText("parent unknown").waitFor();
    await line(page, RING_1).getByText("in a circle").waitFor();
    await line(page, BOSS).locator("[data-fold]").click();
    await line(page, LEFT).waitFor();
    expect(new URL(page.url()).searchParams.get("actor")).toBe(null);
    await line(page, LEFT).click();
    await page.getByRole("region", { name: `Actor ${LEFT}` }).waitFor();
  });

  it("keeps those above what a filter finds", async () => {
    const page = await openPage(`/actors?view=tree&filter=${encodeURIComponent(`${ID} state:failed`)}`);
    await line(page, DEEP).waitFor();
    expect(await ids(page)).toEqual([BOSS, RIGHT, DEEP]);
    expect(await line(page, BOSS).getAttribute("data-matches")).toBe("false");
    expect(await line(page, DEEP).getAttribute("data-matches")).toBe("true");
    await page.getByText("1 that match").waitFor();
  });

  it("works by keyboard as trees do", async () => {
    const page = await openPage(FAMILY);
    await line(page, DEEP).waitFor();
    const here = () => page.locator('[data-current="true"]').getAttribute("data-actor");
    const press = async (key: string, expected: string) => {
      await page.keyboard.press(key);
      await page.locator(`[data-current="true"][data-actor="${expected}"]`).waitFor();
    };
    await page.getByRole("tree").focus();
    await press("ArrowDown", BOSS);
    await press("ArrowRight", LEFT);
    await press("ArrowDown", RIGHT);
    await press("ArrowRight", DEEP);
    await press("ArrowLeft", RIGHT);
    await page.keyboard.press("ArrowLeft");
    await line(page, DEEP).waitFor({ state: "detached" });
    expect(await line(page, RIGHT).getAttribute("aria-expanded")).toBe("false");
    await press("ArrowLeft", BOSS);
    await press("End", STRAY);
    await press("Home", BOSS);
    await page.keyboard.press("ArrowLeft");
    await line(page, LEFT).waitFor({ state: "detached" });
    await page.keyboard.press("*");
    await line(page, LEFT).waitFor();
    expect(await here()).toBe(BOSS);
    await page.keyboard.type(`${ID}-st`);
    await page.locator(`[data-current="true"][data-actor="${STRAY}"]`).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: `Actor ${STRAY}` }).waitFor();
    await page.getByRole("button", { name: "Close the panel" }).focus();
    await page.keyboard.press("Enter");
    await page.locator('[role="tree"]:focus').waitFor();
  });

  it("has what is folded in its address, which can be sent on", async () => {
    const page = await openPage(FAMILY);
    await line(page, DEEP).waitFor();
    await line(page, RIGHT).locator("[data-fold]").click();
    await line(page, DEEP).waitFor({ state: "detached" });
    await expect.poll(() => new URL(page.url()).searchParams.get("except")).toBe(JSON.stringify([RIGHT]));
    await page.reload();
    await line(page, LEFT).waitFor();
    expect(await ids(page)).toEqual([BOSS, LEFT, RIGHT, RING_1, RING_2, STRAY]);
    // The way back from an actor's page leads to it, too.
    await line(page, LEFT).click();
    await page.getByRole("link", { name: `Open the page of ${LEFT}` }).click();
    await page.getByRole("heading", { level: 1, name: LEFT }).waitFor();
    await page.goBack();
    await line(page, LEFT).waitFor();
    expect(await ids(page)).toEqual([BOSS, LEFT, RIGHT, RING_1, RING_2, STRAY]);
    // Others are folded as at first.
    await page.getByRole("combobox", { name: "Filter", exact: true }).fill(`${ID} type:*`);
    await expect.poll(() => new URL(page.url()).searchParams.has("except")).toBe(false);
  });

  it("holds only what is in sight, and says where it ends", async () => {
    const page = await openPage("/nowhere");
    const told: number[] = [];
    page.on("response", async (response) => {
      if (new URL(response.url()).pathname !== "/api/tree") return;
      const { lines } = await response.json().catch(() => ({ lines: [] }));
      told.push(lines.length);
    });
    await page.goto(new URL(`/actors?view=tree&filter=${CROWD}`, page.url()).href);
    await page.getByText("The tree is made of the first 5,000 of 5,201 actors.").waitFor();
    await line(page, `${CROWD}-0003`).waitFor();
    expect(await page.getByRole("treeitem").count()).toBeLessThan(60);
    await page.getByRole("tree").focus();
    await page.keyboard.press("End");
    await line(page, `${CROWD}-4998`).waitFor();
    expect(Math.max(...told)).toBeLessThanOrEqual(200);
    // Up to the parent, however far that is.
    await page.keyboard.press("ArrowLeft");
    await line(page, CROWD).waitFor();
    expect(await violations(page)).toEqual([]);
  });

  for (const theme of ["light", "dark"] as const) {
    it(`is seen and heard in the ${theme} theme, at every width`, async () => {
      const page = await openPage(FAMILY, { theme, width: 380, height: 800 });
      for (const width of [380, 800, 1280, 1920]) {
        await page.setViewportSize({ width, height: 800 });
        await line(page, DEEP).waitFor();
        expect(await sticksOut(page), `${width}`).toEqual([]);
      }
      await page.getByRole("button", { name: "Close all" }).click();
      await line(page, LEFT).waitFor({ state: "detached" });
      expect(await violations(page)).toEqual([]);
    });
  }
});
