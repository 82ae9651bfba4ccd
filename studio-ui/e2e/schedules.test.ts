/** Workflows that start by the clock: when, and what came of the last time. */

import { expect, it } from "vitest";
import { forgive, openPage, sticksOut, violations, withBrowser } from "./harness";

withBrowser();

const hours = (count: number) => new Date(Date.now() + count * 3_600_000).toISOString();

const NIGHT = {
  name: "night",
  file: ".github/workflows/night.yml",
  state: "idle",
  schedules: [
    {
      cron: "30 4 * * 1",
      timezone: "Europe/Berlin",
      next: [hours(5.5), hours(173.5), hours(341.5)],
      last: { at: hours(-162.5), runId: "r-1" },
      missed: { count: 3, first: hours(-400), last: hours(-330) },
    },
    { cron: "0 0 31 2 *", timezone: "UTC", next: [], last: { at: hours(-1), problem: "no engine answers" } },
  ],
};

it.each([
  { theme: "light", width: 1280 },
  { theme: "dark", width: 380 },
] as const)("are shown with their next time ($theme, $width pixels)", async ({ theme, width }) => {
  const page = await openPage("/workflows", { theme, width, answers: { "/api/workflows": [NIGHT] } });
  const list = page.getByRole("list", { name: "When night starts by itself" });
  await list.getByText("next in 5h").waitFor();
  await list.getByText("missed 3 times").waitFor();
  await list.getByText("there is no such day").waitFor();
  await list.getByText("no engine answers").waitFor();
  expect(await violations(page)).toEqual([]);
  expect(await sticksOut(page)).toEqual([]);
  await list.getByRole("link", { name: /: night by the clock/ }).press("Enter");
  await page.waitForURL(/\/runs\/r-1$/);
  forgive(page, /404/);
});
