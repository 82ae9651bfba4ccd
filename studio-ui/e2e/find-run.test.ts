import { beforeAll, expect, it } from "vitest";
import type { Run } from "../src/api/types";
import { api, finishedRun, openPage, withBrowser } from "./harness";

withBrowser();

let run: Run;

beforeAll(async () => {
  run = await finishedRun();
}, 120_000);

it("finds a run of yesterday in two clicks", async () => {
  const page = await openPage("/runs");
  await page.locator(`[data-run="${run.runId}"]`).waitFor();
  await page.getByRole("combobox", { name: "When" }).click();
  await page.getByRole("option", { name: "Yesterday" }).click();
  // Nothing of today is left, whatever ran the day before.
  await page.locator(`[data-run="${run.runId}"]`).waitFor({ state: "detached" });
  const { searchParams } = new URL(page.url());
  expect([searchParams.get("since"), searchParams.get("until")]).toEqual(["yesterday", "yesterday"]);
  await page.getByRole("combobox", { name: "When" }).click();
  await page.getByRole("option", { name: "Today" }).click();
  await page.locator(`[data-run="${run.runId}"]`).waitFor();
});

it("finds a run by its number, from the keyboard, and its page has the number", async () => {
  const page = await openPage("/runs");
  await page.getByRole("textbox", { name: "Find" }).focus();
  await page.keyboard.type(`#${run.number}`);
  await page.waitForURL((url) => url.searchParams.get("text") === `#${run.number}`);
  await page.getByRole("status").getByText("1 run", { exact: true }).waitFor();
  await page.locator(`[data-run="${run.runId}"] a`).first().click();
  await page.getByRole("heading", { level: 1, name: `${run.workflow.name} #${run.number}` }).waitFor();
  await page.getByText(`${run.branch}`, { exact: true }).waitFor();
});

it("filters by each word, keeps them in the address, and leaves them out again", async () => {
  const page = await openPage(`/runs?state=${run.state}`);
  await page.locator(`[data-run="${run.runId}"]`).waitFor();
  await page.getByRole("button", { name: "Branch, event, person" }).click();
  for (const [label, word, value] of [
    ["Branch", "branch", run.branch],
    ["Event", "event", run.event],
    ["Started by", "actor", run.actor],
  ] as const) {
    await page.getByRole("textbox", { name: label, exact: true }).fill(value ?? "");
    await page.waitForURL((url) => url.searchParams.get(word) === value);
    await page.locator(`[data-run="${run.runId}"]`).waitFor();
  }
  await page.getByRole("combobox", { name: "Workflow" }).click();
  await page.getByRole("option", { name: run.workflow.name }).click();
  await page.waitForURL((url) => url.searchParams.get("workflow") === run.workflow.file);
  await page.getByRole("textbox", { name: "Branch", exact: true }).fill("no-such-branch");
  await page.getByText("No run is like this.").waitFor();
  await page.reload();
  await page.getByText("No run is like this.").waitFor();
  expect(await page.getByRole("textbox", { name: "Branch", exact: true }).inputValue()).toBe("no-such-branch");
  await page.getByRole("link", { name: "Leave the filters out" }).click();
  await page.locator(`[data-run="${run.runId}"]`).waitFor();
  const all = await api<{ total: number }>(
    `/api/v1/runs?limit=1&workflow=${encodeURIComponent(run.workflow.file ?? "")}`,
  );
  await page
    .getByRole("status")
    .getByText(all.total === 1 ? "1 run" : `${all.total} runs`, { exact: true })
    .waitFor();
});
