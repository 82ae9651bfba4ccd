/** Overview, map and actor on a running studio, with an application that this file plays: what it reports is what is shown. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, openPage, sticksOut, violations, withBrowser } from "./harness";

withBrowser();

const ID = `inside-${Date.now().toString(36)}`;
const TYPE = `Shop${Date.now().toString(36)}`;
const CART = `${ID}-cart`;
const TILL = `${ID}-till`;
const CONTROLS = {
  orders: ["snapshot", "message", "pause", "kill"],
  messages: [{ type: "Add", schema: { type: "object", properties: { by: { type: "integer" } }, required: ["by"] } }],
};

type Order = { id: string; actor: string; order: string; message?: string; body?: unknown; by: string };
type Outcome = { resync?: boolean; orders?: Order[]; attention?: { detail: string; actors?: string[] } };

/** A process of two actors: the cart sends to the till, ten messages a turn, and both do as they are told. */
class Application {
  #seq = 0;
  #turns = 0;
  #over = false;
  #answers: object[] = [];
  #loop: Promise<void> | undefined;
  total = 40;
  readonly orders: Order[] = [];
  attention: Outcome["attention"];

  async start(): Promise<void> {
    const register = [CART, TILL].map((id) => ({
      id,
      type: id === CART ? `${TYPE}Cart` : `${TYPE}Till`,
      status: "active",
    }));
    const event = { actor: TILL, kind: "note", message: `the till of ${ID} is open`, correlationId: ID };
    await this.#send({
      register: register.map((record) => (record.id === TILL ? { ...record, controls: CONTROLS } : record)),
      events: [event],
    });
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#over = true;
    await this.#loop;
    await this.#send({ unregister: [CART, TILL] });
  }

  async #run(): Promise<void> {
    while (!this.#over) {
      this.#turns += 1;
      const count = 10 * this.#turns;
      const messages = [{ type: "Add", handled: count }];
      await this.#send({
        update: [CART, TILL].map((id) => ({ id, messageCount: count })),
        types: [{ type: `${TYPE}Till`, live: 1, queued: 0, messages }],
        messages: [{ id: TILL, messages }],
        edges: [{ from: CART, to: TILL, message: "Add", count }],
        answers: this.#answers.splice(0),
      });
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  async #send(part: object): Promise<void> {
    this.#seq += 1;
    const outcome = await api<Outcome>("/api/actor/batch", { boot: ID, seq: this.#seq, ...part });
    this.attention = outcome.attention;
    for (const order of outcome.orders ?? []) {
      // One that comes again before it is answered is carried out once.
      if (this.orders.some(({ id }) => id === order.id)) continue;
      this.orders.push(order);
      this.#answers.push({ id: order.id, outcome: "done", ...this.#carryOut(order) });
    }
  }

  #carryOut(order: Order): object {
    if (order.order === "message") this.total += (order.body as { by: number }).by;
    return order.order === "snapshot" || order.order === "message" ? { value: { total: this.total } } : {};
  }
}

const application = new Application();
beforeAll(() => application.start());
afterAll(() => application.stop());

describe("the overview", () => {
  it("is what the studio opens with, and leads on to the busiest", async () => {
    const page = await openPage("/");
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await page.getByRole("region", { name: "Needs you" }).waitFor();
    await page.getByRole("link", { name: TILL }).click();
    await page.getByRole("heading", { level: 1, name: TILL }).waitFor();
  });

  it("tells of an actor that failed", async () => {
    const id = `${ID}-failed`;
    await api("/api/actor/register", { id, type: `${TYPE}Failed`, status: "failed" });
    try {
      const page = await openPage("/");
      await page.getByRole("region", { name: "Needs you" }).getByRole("link", { name: id }).first().waitFor();
    } finally {
      await api("/api/actor/unregister", { id });
    }
  });
});

describe("an actor", () => {
  it("shows whom it hears from, and what happened to it", async () => {
    const page = await openPage(`/actors/${TILL}`);
    await page.locator(`[data-neighbour="${CART}"]`).getByText("Add").waitFor();
    await page.getByText(`the till of ${ID} is open`).waitFor();
    await page.getByRole("tab", { name: "Messages" }).click();
    await page.locator('[data-message="Add"]').waitFor();
    expect(new URL(page.url()).searchParams.get("tab")).toBe("messages");
  });

  it("brings into sight what a line of its journal opens to", async () => {
    const page = await openPage(`/actors/${TILL}`, { height: 480 });
    await page.getByRole("button", { name: `the till of ${ID} is open` }).click();
    const detail = page.getByRole("region", { name: "The line" });
    await detail.waitFor();
    await expect
      .poll(() => detail.evaluate((it) => it.getBoundingClientRect().top < window.innerHeight - 40))
      .toBe(true);
  });

  it("is looked at while its page is open", async () => {
    const page = await openPage(`/actors/${TILL}`);
    await page.locator('[data-connection="live"]').waitFor();
    await expect.poll(() => application.attention?.actors ?? [], { timeout: 15_000 }).toContain(TILL);
  });

  it("answers a message that is sent by keyboard alone", async () => {
    const page = await openPage(`/actors/${TILL}`);
    await page.getByRole("button", { name: "Message" }).focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("by").focus();
    await page.keyboard.type("2");
    await page.keyboard.press("Enter");
    await page.locator('[data-outcome="done"]').getByText('"total": 42').waitFor();
    expect(application.orders.at(-1)).toMatchObject({ order: "message", message: "Add", body: { by: 2 } });
    expect(await violations(page)).toEqual([]);
  });

  it("asks before it is stopped, and does nothing when the answer is no", async () => {
    const page = await openPage(`/actors/${TILL}`);
    const before = application.orders.length;
    await page.getByRole("button", { name: "Stop now" }).click();
    await page.getByRole("button", { name: "Leave it" }).and(page.locator(":focus")).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("group", { name: "Stop now?" }).waitFor({ state: "detached" });
    expect(application.orders).toHaveLength(before);
  });

  it("shows its state, and what changed in it", async () => {
    const page = await openPage(`/actors/${TILL}?tab=state`);
    await page.getByRole("button", { name: "Show the state" }).click();
    await page.locator('[data-path="total"]').waitFor();
    application.total += 1;
    await page.getByRole("button", { name: "Show it again" }).click();
    await page.locator('[data-path="total"][data-change="changed"]').waitFor();
    expect(await violations(page)).toEqual([]);
  });
});

describe("the map", () => {
  it("shows who sends to whom, and opens a type to its actors", async () => {
    const page = await openPage("/map");
    await page.locator(`[data-point="${TYPE}Till"]`).waitFor();
    // A level arrow has no height, which counts as hidden.
    await page.locator(".react-flow__edge").first().waitFor({ state: "attached" });
    await page.locator(`[data-point="${TYPE}Till"]`).press("Enter");
    await page.locator(`[data-point="${TILL}"]`).waitFor();
    expect(new URL(page.url()).searchParams.get("filter")).toBe(`type:${TYPE}Till`);
    await page.locator(`[data-point="${TILL}"]`).press("Enter");
    await page.getByRole("heading", { level: 1, name: TILL }).waitFor();
  });

  it("stands still for those who want no motion, and while it is paused", async () => {
    const page = await openPage("/map");
    const moves = () =>
      page
        .locator(".react-flow__edge path")
        .first()
        .evaluate((path) => getComputedStyle(path).animationName !== "none");
    await page.locator(".react-flow__edge path").first().waitFor({ state: "attached" });
    expect(await moves()).toBe(true);
    await page.getByRole("button", { name: "Pause" }).click();
    expect(await moves()).toBe(false);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.emulateMedia({ reducedMotion: "reduce" });
    expect(await moves()).toBe(false);
  });

  it("says the same in tables", async () => {
    const page = await openPage(`/map?group=actor&view=table`);
    const row = page.locator("[data-edge-row]").filter({ hasText: CART });
    await row.getByRole("link", { name: TILL }).waitFor();
  });
});

describe("at every width", () => {
  it.each([380, 800, 1280, 1920])("nothing sticks out at %d", async (width) => {
    for (const path of ["/", `/actors/${TILL}`, "/map", "/map?view=table", "/types"]) {
      const page = await openPage(path, { width, height: 900 });
      await page.locator('[data-connection="live"]').waitFor();
      await page.locator("h1").waitFor();
      expect([path, await sticksOut(page)]).toEqual([path, []]);
    }
  });
});
