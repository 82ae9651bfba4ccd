/** Every lever of an actor's page, by keyboard alone, in both themes: what is ordered arrives, and what came of it is said. */

import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPage, sticksOut, violations, withBrowser } from "./harness";
import { Process } from "./process";

withBrowser();

const ID = `levers-${Date.now().toString(36)}`;
const SCHEMA = { type: "object", properties: { by: { type: "integer" } } };
const CONTROLS = {
  orders: ["message", "config", "pause", "resume", "step", "restart", "stop", "kill"],
  messages: [{ type: "Add", schema: SCHEMA }],
  config: SCHEMA,
};

let paused = false;
const application = new Process(ID, ({ order }) => {
  if (order === "pause") paused = true;
  if (order === "resume") paused = false;
  return { outcome: "done" };
});
beforeAll(() => {
  application.says = () => [{ id: ID, status: paused ? "paused" : "active" }];
  return application.start([{ id: ID, type: "Levers", status: "active", queueDepth: 2, controls: CONTROLS }]);
});
afterAll(() => application.stop());

/** Presses Tab until the keyboard is there. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let stops = 0; stops < 60; stops += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the keyboard does not come to ${target}`);
}

async function pull(page: Page, order: string): Promise<void> {
  const button = page.locator(`[data-order="${order}"]:not(:disabled)`);
  await button.waitFor();
  // From the top, as the keyboard comes there.
  await page.locator("h1").click();
  await tabTo(page, button);
  await page.keyboard.press("Enter");
}

async function arrived(page: Page, order: string, title: string): Promise<void> {
  await page.locator('[role="status"][data-outcome="done"]', { hasText: `${title} done` }).waitFor();
  expect(application.orders.at(-1)?.order).toBe(order);
}

/** The keyboard is where somebody left it, and not at the top of the page. */
async function staysAt(page: Page, lever: string): Promise<void> {
  await page.locator(`[data-order="${lever}"]:focus`).waitFor();
}

for (const theme of ["light", "dark"] as const) {
  it(`are all pulled in the ${theme} theme`, async () => {
    const page = await openPage(`/actors/${ID}`, { theme, width: 800 });
    for (const [order, title, send] of [
      ["message", "Message", "Send"],
      ["config", "Settings", "Apply"],
    ] as const) {
      await pull(page, order);
      expect(await violations(page)).toEqual([]);
      await tabTo(page, page.getByRole("form", { name: title }).getByRole("button", { name: send }));
      await page.keyboard.press("Enter");
      await arrived(page, order, title);
      await page.keyboard.press("Escape");
      await page.getByRole("form", { name: title }).waitFor({ state: "detached" });
      await staysAt(page, order);
    }
    for (const [order, title, next] of [
      ["pause", "Pause", "resume"],
      ["step", "Step", "step"],
      ["resume", "Resume", "pause"],
    ] as const) {
      await pull(page, order);
      await arrived(page, order, title);
      await staysAt(page, next);
    }
    for (const [order, title] of [
      ["restart", "Restart"],
      ["stop", "Stop"],
      ["kill", "Stop now"],
    ] as const) {
      const before = application.orders.length;
      await pull(page, order);
      const question = page.getByRole("group", { name: `${title}?` });
      await question.getByRole("button", { name: "Leave it" }).and(page.locator(":focus")).waitFor();
      expect(await violations(page)).toEqual([]);
      expect(await sticksOut(page)).toEqual([]);
      expect(application.orders).toHaveLength(before);
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await arrived(page, order, title);
      await staysAt(page, order);
    }
  });
}
