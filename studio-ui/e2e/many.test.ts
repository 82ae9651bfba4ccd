/** One order to many actors: who is chosen, what is asked, and what came of it. */

import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forgive, openPage, sticksOut, violations, withBrowser } from "./harness";
import { type Answer, type Order, Process } from "./process";

withBrowser();

const ID = `many-${Date.now().toString(36)}`;
const ids = Array.from({ length: 40 }, (_, index) => `${ID}-${String(index).padStart(2, "0")}`);
const [MUTE, BAD] = [`${ID}-x-mute`, `${ID}-x-bad`];
const LIST = `/actors?filter=${ID}`;

function answer({ actor }: Order): Answer {
  return actor === BAD ? { outcome: "refused", problem: "it is in the middle of something" } : { outcome: "done" };
}

const application = new Process(ID, answer);
beforeAll(() => {
  const orders = ["pause", "resume", "stop", "kill", "restart"];
  return application.start([
    ...[...ids, BAD].map((id) => ({ id, type: "Many", status: "active", queueDepth: 2, controls: { orders } })),
    { id: MUTE, type: "Many", status: "active" },
  ]);
});
afterAll(() => application.stop());

async function list(view: Parameters<typeof openPage>[1] = {}): Promise<Page> {
  const page = await openPage(LIST, view);
  await page.locator(`[data-actor="${ids[0]}"]`).waitFor();
  return page;
}

function box(page: Page, id: string | undefined) {
  return page.locator(`[data-actor="${id}"] [data-column="choose"]`);
}

function bar(page: Page) {
  return page.getByRole("region", { name: "Chosen actors" });
}

describe("actors are chosen", () => {
  it("one by one, and from one to another with shift, without their panel", async () => {
    const page = await list();
    await box(page, ids[2]).click();
    await bar(page).getByText("1 chosen").waitFor();
    await page.locator(`[data-actor="${ids[6]}"]`).click({ modifiers: ["Shift"] });
    await bar(page).getByText("5 chosen").waitFor();
    expect(await page.locator('[data-actor][aria-selected="true"]').count()).toBe(5);
    await box(page, ids[4]).click();
    await bar(page).getByText("4 chosen").waitFor();
    await page.locator(`[data-actor="${ids[9]}"]`).click({ modifiers: ["Control"] });
    await bar(page).getByText("5 chosen").waitFor();
    expect(new URL(page.url()).searchParams.get("actor")).toBe(null);
    // Another order of the list keeps them, another filter does not.
    await page.getByRole("button", { name: "Messages" }).click();
    await bar(page).getByText("5 chosen").waitFor();
    await page.getByPlaceholder("type:Order").fill(`${ID}-0`);
    await bar(page).waitFor({ state: "detached" });
  });

  it("all that match, with a bound that is said", async () => {
    const page = await list();
    await page.getByRole("checkbox", { name: "Choose all that match" }).click();
    await bar(page).getByText("42 chosen").waitFor();
    await bar(page).getByRole("button", { name: "Choose nobody" }).click();
    await bar(page).waitFor({ state: "detached" });
    await page.locator('[role="grid"]:focus').waitFor();
  });

  it("by keyboard alone, through to the end of an order", async () => {
    const page = await list();
    await page.getByRole("grid").focus();
    for (const key of ["ArrowDown", "Space", "Shift+ArrowDown", "Shift+ArrowDown"]) await page.keyboard.press(key);
    await bar(page).getByText("3 chosen").waitFor();
    await page.keyboard.press("Escape");
    await bar(page).waitFor({ state: "detached" });
    await page.keyboard.press("Control+a");
    await bar(page).getByText("42 chosen").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Space");
    await bar(page).getByText("1 chosen").waitFor();
    // Past the heads of the columns.
    for (let tab = 0; tab < 15 && (await page.locator("[data-many]:focus").count()) === 0; tab += 1) {
      await page.keyboard.press("Tab");
    }
    expect(await page.locator(":focus").getAttribute("data-many")).toBe("pause");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Leave it" }).and(page.locator(":focus")).waitFor();
    await page.keyboard.press("Escape");
    await bar(page).getByText("1 chosen").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Leave it" }).and(page.locator(":focus")).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("1 of 1 done.", { exact: true }).waitFor();
    await page.locator("section:focus, section :focus").first().waitFor();
  });
});

describe("an order to many", () => {
  for (const theme of ["light", "dark"] as const) {
    it(`says what it will do, leaves out who does not take it, and names who failed (${theme})`, async () => {
      const page = await list({ theme });
      const before = application.orders.length;
      await page.getByRole("grid").focus();
      await page.keyboard.press("Control+a");
      await bar(page).getByRole("button", { name: "Pause 41 of them" }).click();
      const question = page.getByRole("group", { name: "Pause: 41 actors?" });
      await question.getByText("They take no further message until resumed").waitFor();
      expect(await question.locator("[data-left-out]").textContent()).toBe(
        `1 actor left out (takes no orders): ${MUTE}`,
      );
      expect(await violations(page)).toEqual([]);
      expect(application.orders.length, "nothing is ordered yet").toBe(before);
      await question.getByRole("button", { name: "Pause: 41 actors" }).click();
      await page.getByText("40 of 41 done, 1 failed.", { exact: true }).waitFor();
      const failed = page.getByRole("region", { name: "Failed" });
      await failed.getByText("it is in the middle of something").waitFor();
      await failed.getByRole("link", { name: BAD }).waitFor();
      expect(await violations(page)).toEqual([]);
      const given = application.orders.slice(before);
      expect(given.every(({ order }) => order === "pause")).toBe(true);
      expect(new Set(given.map(({ actor }) => actor)).size).toBe(41);
      expect(given).toHaveLength(41);
      await page.getByRole("button", { name: "Close", exact: true }).click();
      await bar(page).getByText("42 chosen").waitFor();
    });
  }

  it("never has more than a few on the way, and goes on when the studio has room again", async () => {
    const page = await list();
    let [now, most, refused] = [0, 0, 0];
    await page.route("**/api/actors/*/resume", async (route) => {
      now += 1;
      most = Math.max(most, now);
      if (refused < 3) {
        refused += 1;
        now -= 1;
        const headers = { "retry-after": "1" };
        return route.fulfill({ status: 503, headers, json: { code: "orders_full", detail: "no more wait for it" } });
      }
      const response = await route.fetch();
      now -= 1;
      return route.fulfill({ response });
    });
    await page.getByRole("grid").focus();
    await page.keyboard.press("Control+a");
    await bar(page).getByRole("button", { name: "Resume 41 of them" }).click();
    await page.getByRole("button", { name: "Resume: 41 actors" }).click();
    await page.getByText("40 of 41 done, 1 failed.", { exact: true }).waitFor();
    expect(most).toBeLessThanOrEqual(4);
    expect(refused).toBe(3);
    forgive(page, /503/);
  });

  it("can be ended on the way: the rest is not ordered", async () => {
    const page = await list();
    let open = () => {};
    const held = new Promise<void>((resolve) => {
      open = resolve;
    });
    await page.route("**/api/actors/*/resume", async (route) => {
      await held;
      return route.continue();
    });
    await page.getByRole("grid").focus();
    await page.keyboard.press("Control+a");
    await bar(page).getByRole("button", { name: "Resume 41 of them" }).click();
    await page.getByRole("button", { name: "Resume: 41 actors" }).click();
    await page.getByRole("button", { name: "Order no more" }).click();
    open();
    await page.getByText("4 of 41 done, 37 not ordered.", { exact: true }).waitFor();
  });

  it("is not for those who may only look", async () => {
    const session = { required: true, signedIn: true, name: "eve", role: "view" };
    const page = await list({ answers: { "/api/session": session } });
    expect(await page.getByRole("checkbox").count()).toBe(0);
    await page.getByRole("grid").focus();
    await page.keyboard.press("Control+a");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    expect(await bar(page).count()).toBe(0);
    expect(await violations(page)).toEqual([]);
  });

  it("fits every width", async () => {
    const page = await list({ width: 380, height: 800 });
    await page.getByRole("grid").focus();
    await page.keyboard.press("Control+a");
    await bar(page).getByText("42 chosen").waitFor();
    for (const width of [380, 800, 1280, 1920]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await sticksOut(page), `${width}`).toEqual([]);
    }
    await page.setViewportSize({ width: 380, height: 800 });
    await bar(page).getByRole("button", { name: "Stop now 41 of them" }).click();
    expect(await sticksOut(page)).toEqual([]);
    expect(await violations(page)).toEqual([]);
  });
});
