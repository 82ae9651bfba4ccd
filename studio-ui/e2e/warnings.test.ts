/** Warnings in a running studio, of what a process that this file plays tells it, sent to a receiver that this file is. */

import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Channel, Rule, Silence, Warnings } from "../src/api/warnings";
import { openPage, sticksOut, studio, until, violations, withBrowser } from "./harness";
import { Process } from "./process";

withBrowser();

const ID = `warnings-${Date.now().toString(36)}`;
const TYPE = `Warnings${Date.now().toString(36)}`;
const RULE = `Busy ${TYPE}`;
const CHANNEL = `On call ${TYPE}`;
const SECRET = "s3cret-of-the-test";
const application = new Process(ID);

/** Somebody who is sent warnings. */
class Receiver {
  readonly heard: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];
  status = 200;
  #server: Server | undefined;

  async start(): Promise<string> {
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (part) => {
        body += part;
      });
      request.on("end", () => {
        this.heard.push({ path: request.url ?? "", headers: request.headers, body });
        response.writeHead(this.status).end();
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  stop(): Promise<unknown> {
    return new Promise((resolve) => this.#server?.close(resolve));
  }
}

const receiver = new Receiver();
let address = "";
/** Whether the actors are busy; what they handled only grows. */
let isBusy = true;
let handled = 0;

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(studio() + path, {
    method,
    headers: { "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

const rules = () => call<Rule[]>("GET", "/api/warnings/rules");
const channels = () => call<Channel[]>("GET", "/api/warnings/channels");
const ours = async () =>
  (await call<Warnings>("GET", "/api/warnings")).firing.find(({ ruleName }) => ruleName === RULE);

beforeAll(async () => {
  address = await receiver.start();
  application.says = () => [{ id: ID, messageCount: handled }];
  application.tells = () => {
    if (isBusy) handled += 50;
    return { types: [{ type: TYPE, live: 1, queued: 0, messages: [{ type: "Add", handled }] }] };
  };
  await application.start([{ id: ID, type: TYPE, status: "active", messageCount: 0 }]);
});
afterAll(async () => {
  await application.stop();
  for (const { id, name } of await rules()) if (name.includes(TYPE)) await call("DELETE", `/api/warnings/rules/${id}`);
  for (const { id, name } of await channels()) {
    if (name.includes(TYPE)) await call("DELETE", `/api/warnings/channels/${id}`);
  }
  for (const { id, filter } of await call<Silence[]>("GET", "/api/warnings/silences")) {
    if (filter.includes(TYPE)) await call("DELETE", `/api/warnings/silences/${id}`);
  }
  await receiver.stop();
});

const row = (page: Page, kind: "channel" | "rule", name: string) => page.locator(`li[data-${kind}]`, { hasText: name });
const fire = (page: Page) => page.locator("li[data-state=firing]", { hasText: RULE });

async function addChannel(page: Page, name: string, kind: string): Promise<void> {
  await page.getByRole("button", { name: "New channel" }).click();
  const form = page.getByRole("form", { name: "New channel" });
  await form.getByLabel("Name").fill(name);
  await form.getByText(kind, { exact: true }).click();
}

describe("channels", () => {
  it("are added, signed, and tried; what came of it is said and stays in the log", async () => {
    const page = await openPage("/warnings?view=channels");
    await addChannel(page, CHANNEL, "Webhook");
    const form = page.getByRole("form", { name: "New channel" });
    await form.getByLabel("Address").fill("nowhere");
    await form.getByRole("button", { name: "Save" }).click();
    await form.getByText("Address begins with https:// or http://.").waitFor();
    await form.getByLabel("Address").fill(`${address}/hook`);
    await form.getByLabel("Secret").fill(SECRET);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Enter");
    await row(page, "channel", CHANNEL).getByText("signed: secret set").waitFor();
    expect(await page.content()).not.toContain(SECRET);

    await page.getByRole("button", { name: `Test ${CHANNEL}` }).click();
    await row(page, "channel", CHANNEL).locator("[data-tested=delivered]").waitFor();
    const sent = receiver.heard.at(-1);
    expect(sent?.path).toBe("/hook");
    const signature = createHmac("sha256", SECRET)
      .update(sent?.body ?? "")
      .digest("hex");
    expect(JSON.stringify(sent?.headers)).toContain(signature);

    receiver.status = 500;
    await page.getByRole("button", { name: `Test ${CHANNEL}` }).click();
    await row(page, "channel", CHANNEL).locator("[data-tested=failed]").getByText("500").waitFor();
    receiver.status = 200;
    await page.locator("li[data-outcome=failed]", { hasText: CHANNEL }).first().waitFor();
    await page.locator("li[data-outcome=delivered]", { hasText: CHANNEL }).first().waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it("keep their secrets when they are changed, switched off and on", async () => {
    const page = await openPage("/warnings?view=channels");
    await page.getByRole("button", { name: `Change ${CHANNEL}` }).click();
    const form = page.getByRole("form", { name: `Change ${CHANNEL}` });
    await form.getByRole("group", { name: "Secret" }).getByText("set", { exact: true }).waitFor();
    await form.getByLabel("Name").fill(`${CHANNEL} now`);
    await form.getByRole("button", { name: "Save" }).click();
    await row(page, "channel", `${CHANNEL} now`).getByText("signed: secret set").waitFor();
    await page.locator(":focus[data-edit]").waitFor();
    const lever = page.getByRole("switch", { name: `${CHANNEL} now is on` });
    await lever.click();
    await page.locator("[role=switch][aria-checked=false]").and(lever).waitFor();
    await lever.click();
    await page.locator("[role=switch][aria-checked=true]").and(lever).waitFor();
    const heard = receiver.heard.length;
    await page.getByRole("button", { name: `Test ${CHANNEL} now` }).click();
    await expect.poll(() => receiver.heard.length).toBeGreaterThan(heard);
    const sent = receiver.heard.at(-1);
    const signature = createHmac("sha256", SECRET)
      .update(sent?.body ?? "")
      .digest("hex");
    expect(JSON.stringify(sent?.headers)).toContain(signature);
  });

  it("lead to Slack and by mail, too, and are deleted once that was asked", async () => {
    const page = await openPage("/warnings?view=channels");
    const slack = `Slack ${TYPE}`;
    await addChannel(page, slack, "Slack");
    const form = page.getByRole("form", { name: "New channel" });
    await form.getByLabel("Address").fill(`${address}/services/T0/B0/secret-path`);
    await form.getByRole("button", { name: "Save" }).click();
    await row(page, "channel", slack).waitFor();
    expect(await page.content()).not.toContain("secret-path");
    await page.getByRole("button", { name: `Test ${slack}` }).click();
    await row(page, "channel", slack).locator("[data-tested=delivered]").waitFor();
    expect(JSON.parse(receiver.heard.at(-1)?.body ?? "{}")).toHaveProperty("text");

    const mail = `Mail ${TYPE}`;
    await addChannel(page, mail, "E-mail");
    await form.getByLabel("To").fill("ana@example.org, ben@example.org");
    await form.getByLabel("From").fill("loom@example.org");
    await form.getByLabel("Server").fill("127.0.0.1");
    await form.getByLabel("Port").fill("9");
    await form.getByRole("combobox", { name: "Encryption" }).click();
    await page.getByRole("option", { name: /^none/ }).click();
    expect(await violations(page)).toEqual([]);
    await form.getByRole("button", { name: "Save" }).click();
    await row(page, "channel", mail).getByText("ana@example.org, ben@example.org by 127.0.0.1:9").waitFor();
    await page.getByRole("button", { name: `Test ${mail}` }).click();
    await row(page, "channel", mail).locator("[data-tested=failed]").waitFor();

    for (const name of [slack, mail]) {
      await page.getByRole("button", { name: `Delete ${name}` }).click();
      const question = page.getByRole("group", { name: `Delete ${name}?` });
      await question.getByRole("button", { name: "Leave it" }).and(page.locator(":focus")).waitFor();
      await question.getByRole("button", { name: `Delete ${name}` }).click();
      await row(page, "channel", name).waitFor({ state: "detached" });
    }
  });
});

describe("a rule", () => {
  it("is made by keyboard, with a preview of when it would have fired", async () => {
    // What is remembered has a stretch above the threshold.
    await until("the history to have the type", async () => {
      const asked = `/api/history?by=type&metric=rate&filter=type:${TYPE}`;
      const { series } = await call<{ series: { values: (number | null)[] }[] }>("GET", asked);
      return (series[0]?.values.filter((value) => (value ?? 0) > 20).length ?? 0) > 20 ? true : undefined;
    });
    const page = await openPage("/warnings");
    await page.getByRole("button", { name: "New rule" }).focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("Name").and(page.locator(":focus")).waitFor();
    await page.keyboard.type(RULE);
    const form = page.getByRole("form", { name: "New rule" });
    await form.getByRole("combobox", { name: "Metric" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("option", { name: "Messages" }).waitFor();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    expect(await form.getByRole("combobox", { name: "Metric" }).inputValue()).toBe("Messages");
    await form.getByText("Each type").click();
    await form.getByLabel("Filter").fill(`type:${TYPE}`);
    await form.getByLabel("Threshold, a second", { exact: true }).fill("20");
    await form.getByLabel("Clear threshold, a second").fill("5");
    await form.getByLabel("For", { exact: true }).fill("10s");
    const preview = page.getByRole("region", { name: "Preview" });
    await preview.getByText(/Would have fired/).waitFor({ timeout: 60_000 });
    await preview.locator("[data-level=above]").waitFor({ state: "attached" });
    await preview.locator("[data-level=well]").waitFor({ state: "attached" });
    await preview.locator("canvas").waitFor();
    await preview.getByText("Day").click();
    await preview.getByText(/in the last day/).waitFor();
    await preview.getByText("Hour").click();
    await form.getByLabel(`${CHANNEL} now`).check();
    expect(await violations(page)).toEqual([]);
    expect(await sticksOut(page)).toEqual([]);
    await form.getByRole("button", { name: "Save" }).focus();
    await page.keyboard.press("Enter");
    await row(page, "rule", RULE).getByText(`sent to ${CHANNEL} now`).waitFor();
    const made = (await rules()).find(({ name }) => name === RULE);
    expect(made?.when).toMatchObject({ kind: "metric", metric: "rate", by: "type", threshold: 20, clear: 5 });
    expect(made?.for).toBe(10);
  });

  it("fires: here, in the menu, on the overview, and where it is sent", async () => {
    const page = await openPage("/warnings");
    await fire(page).waitFor({ timeout: 90_000 });
    await page.locator("nav [data-firing]").waitFor();
    await fire(page).getByRole("link", { name: RULE }).waitFor();
    const sent = await until("the receiver to hear of it", async () =>
      receiver.heard.find(({ body }) => body.includes(RULE) && body.includes(TYPE)),
    );
    expect(JSON.parse(sent.body)).toBeTruthy();
    await fire(page).getByRole("link", { name: "Metrics" }).click();
    await page.locator("[data-trend=rate] canvas").waitFor();
    expect(new URL(page.url()).searchParams.get("filter")).toBe(`type:${TYPE}`);
    await page.getByRole("navigation").getByRole("link", { name: "Overview" }).click();
    const need = page.locator("[data-need^=firing]", { hasText: RULE });
    await need.waitFor();
    await need.getByRole("link", { name: TYPE, exact: true }).click();
    await page.locator(`[data-actor="${ID}"]`).waitFor();
    await page.goto(`${studio()}/warnings?view=channels`);
    await page
      .locator("li[data-outcome=delivered]", { hasText: `${RULE} of` })
      .first()
      .waitFor();
  });

  it("is silenced by keyboard for a while, and heard again", async () => {
    const page = await openPage("/warnings");
    const button = page.getByRole("button", { name: `Silence ${RULE} of ${TYPE}` });
    await button.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "1 hour" }).and(page.locator(":focus")).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await button.and(page.locator(":focus")).waitFor();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await fire(page)
      .getByText(/silenced until/)
      .waitFor();
    const end = page.getByRole("button", { name: `End the silence of ${RULE} about type:${TYPE}` });
    await end.waitFor();
    await expect.poll(async () => (await ours())?.silencedBy != null).toBe(true);
    await end.click();
    await button.waitFor();
  });

  it("is silenced by a filter, until a moment of one's own", async () => {
    const page = await openPage("/warnings");
    await page.getByRole("button", { name: "New silence" }).click();
    const asks = page.getByRole("group", { name: "New silence" });
    await asks.getByLabel("Filter").fill(`type:${TYPE}`);
    await asks.getByLabel("Why").fill("a test");
    await asks.getByRole("button", { name: "Silence what is chosen" }).click();
    await page.getByRole("button", { name: "Until …" }).click();
    expect(await violations(page)).toEqual([]);
    await page
      .getByRole("group", { name: /^Silence what is chosen for/ })
      .getByRole("button", { name: "Silence" })
      .click();
    const line = page.locator("li[data-silence]", { hasText: TYPE });
    await line.getByText("a test").waitFor();
    await fire(page)
      .getByText(/silenced until/)
      .waitFor();
    await line.getByRole("button").click();
    await line.waitFor({ state: "detached" });
  });

  it("is resolved once it is well again, and leads to its time in the metrics", async () => {
    const page = await openPage("/warnings");
    await fire(page).waitFor();
    isBusy = false;
    const over = page.locator("li[data-state=resolved]", { hasText: RULE });
    await over.first().waitFor({ timeout: 90_000 });
    await until("the receiver to hear of it", async () =>
      receiver.heard.find(({ body }) => body.includes(RULE) && body.includes("resolved")),
    );
    await over.first().getByRole("link", { name: "Metrics" }).click();
    await expect.poll(() => new URL(page.url()).searchParams.has("to")).toBe(true);
  });

  it("is switched off, changed and deleted", async () => {
    const page = await openPage("/warnings?view=rules");
    const lever = page.getByRole("switch", { name: `${RULE} is on` });
    await lever.click();
    await page.locator("[aria-checked=false]").and(lever).waitFor();
    await page.getByRole("button", { name: `Change ${RULE}` }).click();
    const form = page.getByRole("form", { name: `Change ${RULE}` });
    await form.getByLabel("Threshold, a second", { exact: true }).fill("30");
    await form.getByRole("button", { name: "Save" }).click();
    await row(page, "rule", RULE).getByText("above 30/s", { exact: false }).waitFor();
    const [rule] = (await rules()).filter(({ name }) => name === RULE);
    expect([rule?.enabled, rule?.when.kind === "metric" && rule.when.threshold]).toEqual([false, 30]);
    await page.getByRole("button", { name: `Delete ${RULE}` }).click();
    const question = page.getByRole("group", { name: `Delete ${RULE}?` });
    await question.getByRole("button", { name: `Delete ${RULE}` }).click();
    await row(page, "rule", RULE).waitFor({ state: "detached" });
  });

  it.each([
    ["A lint", "stuck_handler"],
    ["Runs", "Workflow"],
  ])("is about other things, too: %s", async (kind, field) => {
    const page = await openPage("/warnings?rule=new");
    const form = page.getByRole("form", { name: "New rule" });
    const name = `${kind} ${TYPE}`;
    await form.getByLabel("Name").fill(name);
    await form.getByText(kind, { exact: true }).click();
    if (kind === "Runs") {
      await form.getByRole("combobox", { name: "When a run" }).click();
      await page.getByRole("option", { name: "takes longer than usual" }).click();
      await form.getByLabel(field).fill("nothing-has-this-name*");
      await form.getByLabel("Times as long").fill("3");
      await page.getByRole("region", { name: "Preview" }).getByRole("status").waitFor();
    } else await form.getByLabel(field).check();
    expect(await violations(page)).toEqual([]);
    await form.getByRole("button", { name: "Save" }).click();
    await row(page, "rule", name).waitFor();
  });
});

it("shows all of it to one who may only look, and says who may change it", async () => {
  const answers = { "/api/session": { required: true, signedIn: true, role: "view" } };
  const page = await openPage("/warnings?view=rules", { answers });
  await page.getByText("Rules and channels are changed by the role admin.").waitFor();
  expect(await page.getByRole("button", { name: "New rule" }).isDisabled()).toBe(true);
  for (const lever of await page.getByRole("switch").all()) expect(await lever.isDisabled()).toBe(true);
  expect(await violations(page)).toEqual([]);
  await page.getByRole("tab", { name: /^Channels/ }).click();
  expect(await page.getByRole("button", { name: `Test ${CHANNEL} now` }).isDisabled()).toBe(true);
  await page.getByRole("tab", { name: /^Now/ }).click();
  await page.getByText("Warnings are silenced by the roles operate and admin.").waitFor();
});

const VIEWS = ["", "?view=rules", "?view=channels", "?rule=new&metric=waitP95&by=type", "?rule=r-errors"];

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  it.each(VIEWS)("/warnings%s passes axe", async (view) => {
    const page = await openPage(`/warnings${view}`, { theme });
    await page.locator("[role=tabpanel] h2, [role=tabpanel] li").first().waitFor();
    await page.locator('[data-connection="live"]').waitFor();
    expect(await violations(page)).toEqual([]);
  });
});

describe.each([380, 800, 1280, 1920])("%d pixels wide", (width) => {
  it.each(VIEWS)("/warnings%s cuts nothing off", async (view) => {
    const page = await openPage(`/warnings${view}`, { width, height: 900 });
    await page.locator("[role=tabpanel] h2, [role=tabpanel] li").first().waitFor();
    await page.locator('[data-connection="live"]').waitFor();
    expect(await sticksOut(page)).toEqual([]);
    if (width === 380) expect(await violations(page)).toEqual([]);
  });
});
