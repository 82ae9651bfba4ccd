import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Workflow } from "../src/api/workflow-types";
import { api, openPage, violations, WORKFLOW, withBrowser } from "./harness";

withBrowser();

/** Where pictures are wanted, to look at. */
const PICTURES = process.env.LOOM_E2E_PICTURES;

async function fileOf(name: string): Promise<string> {
  const workflow = (await api<Workflow[]>("/api/workflows")).find((one) => one.name === name);
  if (!workflow) throw new Error(`no workflow ${name}`);
  return workflow.file;
}

it.each(["light", "dark"] as const)(
  "a mistake is told while one types, and gone when it is mended (%s)",
  async (theme) => {
    const file = await fileOf(WORKFLOW);
    const page = await openPage("/workflows", { theme });
    await page.getByRole("link", { name: `Edit ${WORKFLOW}`, exact: true }).click();
    const text = page.getByLabel(`Text of ${file}`);
    await text.waitFor();
    await page.locator("[data-node]").first().waitFor();
    const good = await text.inputValue();
    const jobs = await page.locator("[data-node]").count();

    // The first `steps` is misspelt by hand.
    const at = good.indexOf("steps") + "steps".length;
    await text.evaluate((area: HTMLTextAreaElement, at) => {
      area.focus();
      area.setSelectionRange(at, at);
    }, at);
    await page.keyboard.press("Backspace");
    await page.keyboard.type("z");
    const finding = page.getByRole("button", { name: /unknown key `stepz`/ });
    await finding.waitFor();
    await page.locator("[data-verdict=bad]").waitFor();
    expect(await page.locator("[data-marked] [data-severity=error]").first().textContent()).toBe("stepz");
    expect(await page.locator("[data-node]").count()).toBe(jobs);
    if (PICTURES) {
      mkdirSync(PICTURES, { recursive: true });
      await page.screenshot({ path: join(PICTURES, `editor-${theme}.png`) });
    }
    expect(await violations(page)).toEqual([]);

    // The finding leads to its place, where the word is put right.
    await finding.click();
    await page.keyboard.type("steps");
    await page.locator("[data-verdict=good], [data-verdict=wait]").waitFor();
    expect(await finding.count()).toBe(0);
    expect(await text.inputValue()).toBe(good);
    expect(await page.getByText("As it was before the mistakes.").count()).toBe(0);

    // A new line begins below the one before, and can be undone; a new job is drawn.
    await text.press("Control+End");
    await page.keyboard.type("  added:\n  runs-on: x\nsteps: [{run: x}]");
    await page.locator("[data-node=added]").waitFor();
    expect((await text.inputValue()).endsWith("  added:\n    runs-on: x\n    steps: [{run: x}]")).toBe(true);
    if (PICTURES) {
      await page.screenshot({ path: join(PICTURES, `editor-good-${theme}.png`) });
      await page.setViewportSize({ width: 390, height: 844 });
      await page.screenshot({ path: join(PICTURES, `editor-narrow-${theme}.png`) });
    }
    await page.keyboard.press("Control+z");
  },
);
