/** The one time cursor: panels as they were, live again, and a journal that is stepped through. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, forgive, openPage, sticksOut, until, violations, withBrowser } from "./harness";
import { Process } from "./process";

withBrowser();

type Recording = { stretch?: { from: string; to: string } };

const ID = `time-${Date.now().toString(36)}`;
const application = new Process(ID);
/** When there were seven messages and the first of its two events, and no other. */
let then = 0;

/** More than one page of a list. */
const MANY = 450;
const other = (number: number) => `${ID}-${String(number).padStart(4, "0")}`;

const event = (message: string) => ({ actor: ID, kind: "note", message });
const told = (count: number) =>
  until(`${count} lines`, async () => {
    const lines = await api<object[]>(`/api/journal/${ID}`);
    return lines.length >= count || undefined;
  });
const controls = { orders: ["pause", "stop"] };

beforeAll(async () => {
  await until("something to be recorded", async () => (await api<Recording>("/api/recording")).stretch);
  const others = Array.from({ length: MANY }, (_, number) => ({ id: other(number), type: "TimeTravel" }));
  await application.start([{ id: ID, type: "TimeTravel", status: "active", messageCount: 7, controls }, ...others]);
  const before = (await api<object[]>(`/api/journal/${ID}`)).length;
  application.events.push(event("the first"));
  await told(before + 1);
  // So that a moment lies between the two, and a second after the first.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  // The studio's own clock, which need not be this one's.
  then = Date.parse((await api<Required<Recording>>("/api/recording")).stretch.to) - 500;
  application.says = (turn) => [{ id: ID, messageCount: 1000 + turn }];
  application.events.push(event("the second"));
  await told(before + 2);
  await until("it to go on", async () => {
    const { messageCount } = await api<{ messageCount: number }>(`/api/actors/${ID}`);
    return messageCount > 1000 || undefined;
  });
});
afterAll(() => application.stop());

const HERE = `/actors/${ID}`;

describe("a moment", () => {
  it("is in the address, shows all of it as it was, and nothing live changes that", async () => {
    const page = await openPage(`${HERE}?at=${then}`);
    const facts = page.getByRole("region", { name: "About" });
    await facts.getByText("7", { exact: true }).first().waitFor();
    await page.getByText("the first").first().waitFor();
    expect(await page.getByText("the second").count()).toBe(0);
    // Longer than a live page needs for the next word of it.
    await page.waitForTimeout(4500);
    await facts.getByText("7", { exact: true }).first().waitFor();
    expect(await page.getByText("the second").count()).toBe(0);
    const lever = page.locator("[data-order=stop]");
    expect(await lever.getAttribute("title")).toMatch(/Go back to live first/);
    expect(await violations(page)).toEqual([]);
  });

  it("goes along to other pages, and back to live", async () => {
    const page = await openPage(`${HERE}?at=${then}`);
    await page.getByText("the first").first().waitFor();
    await page.getByRole("link", { name: "All actors" }).click();
    await page.waitForURL((url) => url.pathname.endsWith("/actors") && url.searchParams.get("at") === String(then));
    await page.goto(new URL(`/actors?filter=${ID}&at=${then}`, page.url()).href);
    await page.locator(`[data-actor="${ID}"]`).getByText("7", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Live" }).click();
    await page.waitForURL((url) => !url.searchParams.has("at"));
    await page
      .locator(`[data-actor="${ID}"]`)
      .getByText(/^1,0\d\d$/)
      .waitFor();
  });

  it("has all of a long list, which comes as one goes on in it", async () => {
    const page = await openPage(`/actors?filter=${ID}-&at=${then}`);
    await page.locator(`[data-actor="${other(0)}"]`).waitFor();
    await page.getByText(String(MANY)).first().waitFor();
    const last = page.locator(`[data-actor="${other(MANY - 1)}"]`);
    await page.getByRole("grid").focus();
    await until("the last of them", async () => {
      await page.keyboard.press("End");
      return (await last.count()) > 0 || undefined;
    });
  });

  it("is moved by the keyboard", async () => {
    const page = await openPage(`${HERE}?at=${then}`);
    const cursor = page.getByRole("slider", { name: "Moment" });
    await cursor.focus();
    await page.keyboard.press("ArrowLeft");
    await page.waitForURL((url) => Number(url.searchParams.get("at")) < then);
  });

  it("that is not recorded is said, with what is", async () => {
    const page = await openPage("/types?at=1000");
    await page.getByText("This moment can't be seen.").waitFor();
    await page
      .getByText(/what is recorded is from/)
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Live" }).click();
    await page.getByText("TimeTravel").first().waitFor();
    // The browser's own word on the answers 410.
    forgive(page, /410/);
  });
});

it("steps through a journal with the record of then, and what changed since", async () => {
  const page = await openPage(HERE);
  await page.getByText("the second").first().click();
  const line = page.getByRole("region", { name: "The line" });
  const record = line.getByRole("list", { name: "Its record then" });
  await record.locator("[data-path=messageCount][data-change=changed]").waitFor();
  await line.getByRole("button", { name: "Previous" }).click();
  await line.getByText("the first").first().waitFor();
  await record.locator("[data-path=messageCount]").getByText("7", { exact: true }).waitFor();
  await line.getByRole("button", { name: "Next" }).click();
  await line.getByText("the second").first().waitFor();
});

it.each(["light", "dark"] as const)("fits, also on a phone, %s", async (theme) => {
  for (const width of [1280, 390]) {
    const page = await openPage(`/map?at=${then}`, { theme, width });
    await page.getByRole("slider", { name: "Moment" }).waitFor();
    expect(await sticksOut(page)).toEqual([]);
    expect(await violations(page)).toEqual([]);
  }
});
