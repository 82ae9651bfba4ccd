/** The page by its shortcuts alone. */

import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { api, forgive, openPage, violations, withBrowser } from "./harness";

withBrowser();

const ALL = { o: "Overview", r: "Runs", w: "Workflows", a: "Actors", m: "Map", e: "Metrics", n: "Warnings", l: "Logs" };

const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
const focused = (page: Page) =>
  page.evaluate(() => {
    const at = document.activeElement;
    return at?.getAttribute("aria-label") || at?.id || at?.textContent || at?.tagName;
  });

async function live(path: string, view = {}): Promise<Page> {
  const page = await openPage(path, view);
  await page.locator('[data-connection="live"]').waitFor();
  return page;
}

describe("by keyboard alone", () => {
  it("g and a letter lead to every section, and the keyboard is there", async () => {
    const page = await live("/map");
    for (const [letter, name] of Object.entries(ALL)) {
      await page.keyboard.press("g");
      await page.keyboard.press(letter);
      await heading(page, name);
      expect(await focused(page)).toBe("main");
    }
  });

  it.each(["light", "dark"] as const)("? shows the shortcuts, Escape gives the keyboard back (%s)", async (theme) => {
    const page = await live("/runs", { theme });
    await page.getByRole("link", { name: "Map", exact: true }).focus();
    await page.keyboard.press("?");
    const dialog = page.getByRole("dialog", { name: "Shortcuts" });
    await dialog.getByText("Next row").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("g");
    await page.keyboard.press("a");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(await focused(page)).toBe("Map");
    expect(new URL(page.url()).pathname).toBe("/runs");
  });

  it("the button says what it is, and opens them too, on a phone as well", async () => {
    const page = await live("/actors", { width: 380, height: 800 });
    await page.getByRole("button", { name: "Shortcuts (?)" }).click();
    const dialog = page.getByRole("dialog", { name: "Shortcuts" });
    await dialog.getByText("Next row").waitFor();
    expect(await violations(page)).toEqual([]);
    const box = await dialog.boundingBox();
    expect((box?.x ?? -1) >= 0 && (box?.width ?? 999) <= 380).toBe(true);
  });

  it.each(["light", "dark"] as const)("Ctrl-K finds a page, a workflow and an actor by name (%s)", async (theme) => {
    const page = await live("/runs", { theme });
    await page.keyboard.press("Control+k");
    const dialog = page.getByRole("dialog", { name: "Search" });
    await dialog.getByRole("option", { name: "Overview" }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.type("orchestr");
    await dialog.locator('[data-place^="actor orchestr"]').first().waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "Journal" }).waitFor();
    expect(new URL(page.url()).pathname).toMatch(/^\/actors\/.*orchestr/i);
    await page.keyboard.press("Control+k");
    await page.keyboard.type("overv");
    await page.keyboard.press("Enter");
    await heading(page, "Overview");
  });

  it("/ goes to the filter, and what is typed there is text", async () => {
    const page = await live("/actors");
    await page.locator("[data-actor]").first().waitFor();
    await page.keyboard.press("/");
    expect(await focused(page)).toBe("Filter");
    await page.keyboard.type("g?jk/w");
    expect(await page.getByRole("combobox", { name: "Filter", exact: true }).inputValue()).toBe("g?jk/w");
    await heading(page, "Actors");
    expect(await page.getByRole("dialog").count()).toBe(0);
    forgive(page, /400/);
  });

  it("j and k go through the rows of tables, lists and the grid of actors", async () => {
    for (const id of ["row-1", "row-2"])
      await api("/api/actor/register", { id, type: "BrowserTestActor", status: "idle" });
    const page = await live("/types");
    await page.locator("[data-type]").nth(2).waitFor();
    await page.keyboard.press("j");
    const first = await focused(page);
    await page.keyboard.press("j");
    const second = await focused(page);
    expect(second).not.toBe(first);
    await page.keyboard.press("k");
    expect(await focused(page)).toBe(first);

    await page.keyboard.press("g");
    await page.keyboard.press("a");
    await page.locator("[data-actor]").first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.locator('[data-current="true"][aria-rowindex="3"]').waitFor();
    await page.keyboard.press("k");
    await page.locator('[data-current="true"][aria-rowindex="2"]').waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: /^Actor / }).waitFor();
  });
});
