/** The `phoenix` client as it comes from npm, unchanged, in a real browser: it joins, and gets logs and states. */

import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { openPage, studio, WORKFLOW, withBrowser } from "./harness";

withBrowser();

const CLIENT = readFileSync("node_modules/phoenix/priv/static/phoenix.js", "utf8");

/** What the test says to the client in the page, and what it heard there. */
type Heard = { joined: string[]; events: { topic: string; event: string; payload: Record<string, unknown> }[] };

/** Joins topics from within the page by the client's own words. */
async function join(
  page: Page,
  options: { polls?: boolean; authToken?: string | undefined },
  topics: string[],
): Promise<Heard["joined"]> {
  await page.evaluate(`${CLIENT};window.Phoenix = Phoenix`);
  return page.evaluate(
    async ({ options, topics }) => {
      // biome-ignore lint/suspicious/noExplicitAny: the client has no types of its own.
      const { Phoenix } = window as any;
      const { polls, ...rest } = options;
      const transport = polls ? { transport: Phoenix.LongPoll } : {};
      const socket = new Phoenix.Socket("/socket", { ...rest, ...transport });
      // biome-ignore lint/suspicious/noExplicitAny: as above.
      (window as any).heard = { events: [] };
      socket.connect();
      const joins = topics.map((topic) => {
        const channel = socket.channel(topic, {});
        for (const event of ["new_log", "job_status"]) {
          // biome-ignore lint/suspicious/noExplicitAny: as above.
          channel.on(event, (payload: unknown) => (window as any).heard.events.push({ topic, event, payload }));
        }
        return new Promise<string>((resolve) => {
          channel
            .join()
            .receive("ok", () => resolve("ok"))
            .receive("error", (reason: unknown) => resolve(`error ${JSON.stringify(reason)}`))
            .receive("timeout", () => resolve("timeout"));
        });
      });
      return Promise.all(joins);
    },
    { options, topics },
  );
}

function heard(page: Page): Promise<Heard["events"]> {
  // biome-ignore lint/suspicious/noExplicitAny: set by `join`.
  return page.evaluate(() => (window as any).heard.events);
}

it.each([false, true])("hears of a run: lines of its jobs, and their states (by plain requests: %s)", async (polls) => {
  const page = await openPage("/workflows");
  const topic = `workflow:${WORKFLOW}`;
  expect(await join(page, { polls }, ["logs:all", topic])).toEqual(["ok", "ok"]);
  const started = await fetch(`${studio()}/api/workflows/${WORKFLOW}/start`, { method: "POST" });
  const { runId } = (await started.json()) as { runId: string };
  const ofRun = async (event: string) =>
    (await heard(page)).filter((one) => one.event === event && one.payload.runId === runId);
  await expect.poll(() => ofRun("new_log").then((all) => all.length), { timeout: 30_000 }).toBeGreaterThan(0);
  const line = (await ofRun("new_log"))[0];
  expect(line?.topic).toBe("logs:all");
  expect(Object.keys(line?.payload ?? {})).toEqual(expect.arrayContaining(["timestamp", "job", "message"]));
  await expect
    .poll(() => ofRun("job_status").then((all) => all.map(({ payload }) => payload.state)), { timeout: 60_000 })
    .toContain("success");
  expect((await ofRun("job_status"))[0]?.topic).toBe(topic);
});

it("is told why a topic is none", async () => {
  const page = await openPage("/workflows");
  const [answer] = await join(page, {}, ["nothing:here"]);
  expect(answer).toMatch(/^error \{.*"reason"/);
});

const LOCKED = process.env.LOOM_E2E_LOCKED_URL;

it.runIf(LOCKED).each([false, true])("shows its token, as version 1.8 does (by plain requests: %s)", async (polls) => {
  const at = LOCKED as string;
  const page = await openPage("/workflows", { at });
  const options = { polls, authToken: process.env.LOOM_E2E_TOKEN };
  expect(await join(page, options, ["logs:all"])).toEqual(["ok"]);
});
