/** Workspaces of a studio that wants tokens: one is chosen in the head of the page, and nothing of another is left. */

import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { forgive, openPage, sticksOut, violations, withBrowser } from "./harness";

withBrowser();

const at = process.env.LOOM_E2E_LOCKED_URL?.replace(/\/$/, "") ?? "";
/** Of all workspaces. */
const token = process.env.LOOM_E2E_TOKEN ?? "";
/** Of `shop` alone. */
const shopToken = process.env.LOOM_E2E_SHOP_TOKEN ?? "";

const OWN = { shop: "ShopTill", bank: "BankSafe" };

async function report(workspace: "shop" | "bank", id: string): Promise<void> {
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    "loom-workspace": workspace,
  };
  const body = JSON.stringify({ id, type: OWN[workspace], status: "active" });
  const answer = await fetch(`${at}/api/actor/register`, { method: "POST", headers, body });
  if (!answer.ok) throw new Error(await answer.text());
}

async function enter(page: Page, text: string): Promise<void> {
  await page.getByLabel("Token").fill(text);
  await page.keyboard.press("Enter");
}

const choice = (page: Page) => page.getByLabel("Workspace");
const entry = (page: Page, name: string) =>
  page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: true });
const search = (page: Page) => new URL(page.url()).searchParams;

describe.skipIf(at === "" || shopToken === "")("workspaces", () => {
  beforeAll(async () => {
    await report("shop", "same-name");
    await report("bank", "same-name");
    await report("shop", "shop-alone");
  });

  it("are chosen in the head of the page; the choice stays in the address, and what happens there comes by itself", async () => {
    const page = await openPage("/actors", { at });
    await enter(page, token);
    await choice(page).waitFor();
    expect(await choice(page).inputValue()).toBe("main");
    await page.waitForURL(/workspace=main/);
    await entry(page, "Runs").waitFor();
    await choice(page).selectOption("shop");
    await page.waitForURL(/\/\?workspace=shop$/);
    await entry(page, "Actors").click();
    await page.getByText("shop-alone").first().waitFor();
    await page.locator('[data-connection="live"]').waitFor();
    await report("shop", `new-${Date.now()}`);
    await page
      .getByText(/^new-\d+$/)
      .first()
      .waitFor();
    // Runs are of the workspace main.
    expect(await entry(page, "Runs").count()).toBe(0);
    await page.reload();
    await page.getByText("shop-alone").first().waitFor();
    expect(search(page).get("workspace")).toBe("shop");
    forgive(page, /401/);
  });

  it.each(["light", "dark"] as const)("pass axe and fit a narrow window, in the %s theme", async (theme) => {
    const page = await openPage("/actors?workspace=shop", { at, theme });
    await enter(page, token);
    await page.getByText("shop-alone").first().waitFor();
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await sticksOut(page)).toEqual([]);
    await page.goto(`${at}/actors?workspace=vault`);
    await page.getByRole("heading", { name: /There is no workspace “vault”/ }).waitFor();
    expect(await violations(page)).toEqual([]);
    forgive(page, /401/);
  });

  it("leave nothing behind when another is chosen, and ask for nothing of it", async () => {
    const page = await openPage("/actors?workspace=shop", { at });
    await enter(page, token);
    await page.getByText("shop-alone").first().waitFor();
    const asked: (string | undefined)[] = [];
    const sockets: string[] = [];
    await choice(page).selectOption("bank");
    await page.waitForURL(/workspace=bank/);
    page.on("request", (request) => {
      if (new URL(request.url()).pathname.startsWith("/api/")) asked.push(request.headers()["loom-workspace"]);
    });
    page.on("websocket", (socket) => sockets.push(socket.url()));
    await page.reload();
    await entry(page, "Actors").click();
    await page.getByText(OWN.bank).first().waitFor();
    await page.locator('[data-connection="live"]').waitFor();
    expect(await page.getByText("shop-alone").count()).toBe(0);
    expect(await page.getByText(OWN.shop).count()).toBe(0);
    expect(new Set(asked)).toEqual(new Set(["bank"]));
    expect(sockets.length).toBeGreaterThan(0);
    expect(sockets.every((url) => new URL(url).searchParams.get("workspace") === "bank")).toBe(true);
    await page.goBack();
    forgive(page, /401/);
  });

  it("open by a link for whoever may see them, and are said to be none for others", async () => {
    const page = await openPage("/actors/same-name?workspace=bank", { at });
    await enter(page, shopToken);
    await page.getByRole("heading", { name: /There is no workspace “bank”/ }).waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await page.getByText(OWN.bank).count()).toBe(0);
    await page.goto(`${at}/actors/same-name?workspace=shop`);
    await page.getByText(OWN.shop).first().waitFor();
    // One alone is no choice.
    expect(await choice(page).count()).toBe(0);
    // Without its name in the address it is the first of the token, and comes into the address.
    await page.goto(`${at}/actors/same-name`);
    await page.waitForURL(/workspace=shop/);
    forgive(page, /401/);
  });
});
