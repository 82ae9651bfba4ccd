/** What is chosen where the system chooses the colours: told by a frame, since grounds are gone. */

import { expect, it } from "vitest";
import { openPage, withBrowser } from "./harness";

withBrowser();

const CHOSEN = {
  "/runs": "nav [data-here]",
  "/actors": '[data-current="true"]',
};

it.each(Object.entries(CHOSEN))("on %s what is chosen has a frame", async (path, selector) => {
  const page = await openPage(path);
  await page.emulateMedia({ forcedColors: "active" });
  await page.locator("h1").waitFor();
  if (path === "/actors") {
    await page.locator("[data-actor]").first().waitFor();
    await page.keyboard.press("j");
  }
  const chosen = page.locator(selector).first();
  await chosen.waitFor();
  const outline = await chosen.evaluate((element) => getComputedStyle(element).outlineStyle);
  expect(outline).toBe("solid");
});
