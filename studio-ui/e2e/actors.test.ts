import { afterAll, describe, expect, it } from "vitest";
import { api, openPage, withBrowser } from "./harness";

withBrowser();

const ID = `e2e-${Date.now().toString(36)}`;
const HOSTILE = `<img src=x onerror="window.hacked=1">${ID}`;
const made: string[] = [];

async function register(id: string, more: object = {}): Promise<void> {
  made.push(id);
  await api("/api/actor/register", { id, type: "BrowserTestActor", status: "idle", messageCount: 1, ...more });
}

afterAll(async () => {
  for (const id of made) await api("/api/actor/unregister", { id });
});

describe("the list of actors", () => {
  it("is there within seconds, and says that it is live", async () => {
    await register(`${ID}-first`);
    const page = await openPage("/");
    await page.locator("[data-actor]").first().waitFor({ timeout: 10_000 });
    await page.locator('[data-connection="live"]').waitFor();
    expect(page.url()).toContain("/actors");
  });

  it("follows an actor from its start to its end without a reload", async () => {
    const id = `${ID}-life`;
    const page = await openPage(`/actors?q=${id}`);
    await page.locator('[data-connection="live"]').waitFor();
    await page.evaluate(() => Object.assign(window, { stayed: true }));
    await register(id);
    const row = page.locator(`[data-actor="${id}"]`);
    await row.locator('[data-state="idle"]').waitFor();
    await api("/api/actor/update", { id, status: "active", messageCount: 4321 });
    await row.locator('[data-state="active"]').waitFor();
    await row.getByText("4,321").waitFor();
    await api("/api/actor/unregister", { id });
    await row.waitFor({ state: "detached" });
    expect(await page.evaluate(() => "stayed" in window)).toBe(true);
  });

  it("shows foreign text as text", async () => {
    await register(HOSTILE, { metadata: { note: HOSTILE, deep: { list: [HOSTILE] } } });
    const page = await openPage(`/actors?actor=${encodeURIComponent(HOSTILE)}`);
    const panel = page.getByRole("region", { name: `Actor ${HOSTILE}` });
    await panel.getByText(HOSTILE).nth(1).waitFor();
    expect(await page.locator("img[src=x]").count()).toBe(0);
    expect(await page.evaluate(() => "hacked" in window)).toBe(false);
  });

  it("works by keyboard alone", async () => {
    const id = `${ID}-keys`;
    await register(id);
    const page = await openPage(`/actors?q=${id}`);
    await page.locator(`[data-actor="${id}"]`).waitFor();
    await page.getByRole("grid").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: `Actor ${id}` }).waitFor();
    expect(new URL(page.url()).searchParams.get("actor")).toBe(id);
    await page.keyboard.press("Escape");
    await page.getByRole("region", { name: `Actor ${id}` }).waitFor({ state: "detached" });
  });

  it("draws only the rows in sight, however many there are", async () => {
    const many = Array.from({ length: 2000 }, (_, index) => `${ID}-many-${index}`);
    const register = many.map((id) => ({ id, type: "ManyActor", status: "idle" }));
    await api("/api/actor/batch", { boot: `${ID}-boot`, seq: 1, register });
    try {
      const page = await openPage(`/actors?q=${ID}-many`);
      await page.getByText("2,000 of").waitFor();
      expect(await page.locator("[data-actor]").count()).toBeLessThan(60);
      await page.getByRole("grid").focus();
      await page.keyboard.press("End");
      await page.locator(`[data-actor="${ID}-many-1999"]`).waitFor();
    } finally {
      await api("/api/actor/batch", { boot: `${ID}-boot`, seq: 2, unregister: many });
    }
  });
});

describe("the line to the studio", () => {
  it("says offline when it breaks, comes back by itself, and has missed nothing", async () => {
    const id = `${ID}-line`;
    const page = await openPage(`/workflows`);
    let cut = async () => {};
    await page.routeWebSocket(/\/ws/, (socket) => {
      const server = socket.connectToServer();
      cut = async () => {
        await socket.close();
        await server.close();
      };
    });
    await page.goto(new URL(`/actors?q=${id}`, page.url()).href);
    await page.locator('[data-connection="live"]').waitFor();
    const states = page.evaluate(
      () =>
        new Promise((resolve) => {
          const seen = () => document.querySelector('[data-connection="offline"]') !== null;
          const observer = new MutationObserver(() => seen() && resolve(true));
          observer.observe(document.body, { subtree: true, attributes: true, childList: true });
        }),
    );
    await cut();
    expect(await states).toBe(true);
    await register(id);
    await page.locator('[data-connection="live"]').waitFor();
    await page.locator(`[data-actor="${id}"]`).waitFor();
  });
});
