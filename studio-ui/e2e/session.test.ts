import type { Page } from "playwright-core";
import { beforeEach, describe, expect, it } from "vitest";
import { forgive, openPage, violations, withBrowser } from "./harness";

withBrowser();

const at = process.env.LOOM_E2E_LOCKED_URL?.replace(/\/$/, "") ?? "";
const token = process.env.LOOM_E2E_TOKEN ?? "";

async function enter(page: Page, text: string): Promise<void> {
  await page.getByLabel("Token").fill(text);
  await page.keyboard.press("Enter");
}

describe.skipIf(at === "")("a studio with a token", () => {
  let page: Page;
  beforeEach(async () => {
    page = await openPage("/workflows", { at });
    await page.getByLabel("Token").waitFor();
  });

  it("shows nothing before the token, lets in by it, stays so after a reload, and ends when asked", async () => {
    expect(await page.getByRole("navigation").count()).toBe(0);
    await enter(page, token);
    await page.locator("[data-workflow]").first().waitFor();
    await page.locator('[data-connection="live"]').waitFor();
    expect(await page.evaluate(() => document.cookie + JSON.stringify(localStorage))).not.toContain(token);
    await page.reload();
    await page.locator('[data-connection="live"]').waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    await page.reload();
    await page.getByLabel("Token").waitFor();
  });

  it("notices by itself on another page of the same browser that the session has ended", async () => {
    await enter(page, token);
    await page.locator('[data-connection="live"]').waitFor();
    const other = await page.context().newPage();
    await other.goto(`${at}/runs`);
    await other.getByRole("button", { name: "Sign out" }).click();
    await other.getByLabel("Token").waitFor();
    // Nobody touches this page: the studio cuts its socket, and refuses the next.
    await page.getByText("The session has ended.").waitFor();
    forgive(page, /401|HTTP Authentication failed/);
  });

  it("says that a token is wrong, and after many that one has to wait; all of it passes axe", async () => {
    for (const theme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: theme });
      expect(await violations(page)).toEqual([]);
    }
    await enter(page, "wrong");
    await page.getByText("This is not the token of this studio.").waitFor();
    expect(await violations(page)).toEqual([]);
    const button = page.getByRole("button", { name: /^Sign in/ });
    const waits = page.getByText("Too many wrong tokens were tried.");
    for (let tries = 0; tries < 10 && (await waits.count()) === 0; tries += 1) {
      const answer = page.waitForResponse((response) => response.request().method() === "POST");
      await enter(page, `wrong-${tries}`);
      await answer;
      await page.getByRole("alert").waitFor();
    }
    await waits.waitFor();
    expect(await button.isDisabled()).toBe(true);
    forgive(page, /401|429/);
  });
});
