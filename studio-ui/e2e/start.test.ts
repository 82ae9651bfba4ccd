/** Starting a workflow that takes inputs, by keyboard alone. */

import { expect, it } from "vitest";
import { forgive, openPage, sticksOut, violations, withBrowser } from "./harness";

withBrowser();

const DEPLOY = {
  name: "deploy",
  file: ".github/workflows/deploy.yml",
  state: "idle",
  inputs: [
    { name: "where", type: "choice", required: true, options: ["staging", "production"] },
    { name: "count", type: "number", required: false, default: "3" },
  ],
};

it.each([
  { theme: "light", width: 1280 },
  { theme: "dark", width: 380 },
] as const)("asks for what it takes ($theme, $width pixels)", async ({ theme, width }) => {
  const page = await openPage("/workflows", { theme, width, answers: { "/api/workflows": [DEPLOY] } });
  const sent: unknown[] = [];
  await page.route("**/api/workflows/deploy/start", (route) => {
    sent.push(route.request().postDataJSON());
    return route.fulfill({ status: 202, json: { runId: "r-1" } });
  });
  await page.getByRole("button", { name: "Start deploy" }).press("Enter");
  const form = page.getByRole("form", { name: "Start deploy with" });
  await form.getByLabel("where").and(page.locator(":focus")).waitFor();
  await page.keyboard.press("s");
  expect(await violations(page)).toEqual([]);
  expect(await sticksOut(page)).toEqual([]);
  await page.keyboard.press("Tab");
  await page.keyboard.type("5");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/runs\/r-1$/);
  expect(sent).toEqual([{ inputs: { where: "staging", count: "5" } }]);
  await page.getByText("There is no run r-1.").waitFor();
  forgive(page, /404/);
});
