import { afterAll, describe, expect, it } from "vitest";
import { api, forgive, openPage, violations, withBrowser } from "./harness";

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
    const page = await openPage("/actors");
    await page.locator("[data-actor]").first().waitFor({ timeout: 10_000 });
    await page.locator('[data-connection="live"]').waitFor();
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

  it("writes out what cannot be seen in a name, and keeps its direction to itself", async () => {
    const id = `${ID}-\u202egnp.exe`;
    await register(id, { type: "نوع" });
    const page = await openPage(`/actors?q=${ID}-&type=${encodeURIComponent("نوع")}`);
    const row = page.getByRole("row").filter({ hasText: "gnp.exe" });
    await row.getByText("\\u{202e}", { exact: true }).waitFor();
    expect(await row.locator("bdi").first().getAttribute("title")).toBe(`${ID}-\\u{202e}gnp.exe`);
  });

  it("keeps every column in sight beside an open panel", async () => {
    const page = await openPage(`/actors?actor=${ID}-first`);
    await page.getByRole("region", { name: `Actor ${ID}-first` }).waitFor();
    const grid = page.getByRole("grid");
    expect(await grid.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
    await grid.getByRole("columnheader", { name: "Heartbeat" }).waitFor();
  });

  it("is not asked for by pages that do not show it", async () => {
    const page = await openPage("/nowhere");
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    let windows = 0;
    page.on("websocket", (socket) =>
      socket.on("framesent", ({ payload }) => {
        if (String(payload).includes('"window"')) windows += 1;
      }),
    );
    await page.goto(new URL("/workflows", page.url()).href);
    await page.locator('[data-connection="live"]').waitFor();
    await page.locator("[data-workflow]").first().waitFor();
    expect(asked).toContain("/api/workflows");
    expect(windows).toBe(0);
    await page.getByRole("link", { name: "Actors", exact: true }).click();
    await page.locator("[data-actor]").first().waitFor();
    expect(windows).toBeGreaterThan(0);
    expect(asked).not.toContain("/api/actors");
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
    // Closed by its button, the list has the focus again.
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Close the panel" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: `Actor ${id}` }).waitFor({ state: "detached" });
    await page.locator('[role="grid"]:focus').waitFor();
  });

  it("hands the focus to a panel that covers it", async () => {
    const id = `${ID}-cover`;
    await register(id);
    const page = await openPage(`/actors?q=${id}`, { width: 390, height: 844 });
    await page.locator(`[data-actor="${id}"]`).click();
    await page.getByRole("region", { name: "Fields" }).and(page.locator(":focus")).waitFor();
    expect(await page.getByRole("grid").count()).toBe(0);
    await page.keyboard.press("Escape");
    await page.locator('[role="grid"]:focus').waitFor();
  });

  it("holds only the rows in sight, however many there are", async () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `${ID}-many-${String(index).padStart(5, "0")}`);
    const boot = `${ID}-boot`;
    let seq = 0;
    const batch = (change: object) => {
      seq += 1;
      return api("/api/actor/batch", { boot, seq, ...change });
    };
    try {
      for (let from = 0; from < many.length; from += 5000) {
        const register = many.slice(from, from + 5000).map((id) => ({ id, type: "ManyActor", status: "idle" }));
        await batch({ register });
      }
      const page = await openPage(`/actors?q=${ID}-many`);
      const said: number[] = [];
      page.on("websocket", (socket) =>
        socket.on("framereceived", ({ payload }) => {
          const frame = JSON.parse(String(payload));
          if (frame.type === "window") said.push(frame.data.ids.length);
          else expect(frame.type).not.toBe("actor:update");
        }),
      );
      await page.reload();
      await page.getByText("20,000 that match").waitFor();
      expect(await page.locator("[data-actor]").count()).toBeLessThan(60);
      const rows = await page.locator("[data-actor]").evaluateAll((rows) => {
        for (const row of rows) Object.assign(row, { old: true });
        return rows.length;
      });
      await page.getByRole("grid").focus();
      await page.keyboard.press("End");
      await page.locator(`[data-actor="${ID}-many-19999"]`).waitFor();
      // Others stand in the rows that were there: new ones would cost a multiple while somebody scrolls.
      const old = await page.locator("[data-actor]").evaluateAll((rows) => rows.filter((row) => "old" in row).length);
      expect(old).toBeGreaterThan(rows / 2);
      await page.getByRole("grid").evaluate((grid) => {
        grid.scrollTop = grid.scrollHeight / 2;
      });
      await page.locator(`[data-actor="${ID}-many-10000"]`).waitFor();
      // What stands there follows: a change, an end, and the order.
      await batch({ update: [{ id: `${ID}-many-10001`, messageCount: 4321 }] });
      await page.locator(`[data-actor="${ID}-many-10001"]`).getByText("4,321").waitFor();
      await batch({ unregister: [`${ID}-many-10000`] });
      await page.locator(`[data-actor="${ID}-many-10000"]`).waitFor({ state: "detached" });
      await page.getByText("19,999 that match").waitFor();
      await page.mouse.move(1, 1);
      await page.getByRole("button", { name: "Messages" }).click();
      await page.getByRole("grid").focus();
      await page.keyboard.press("Home");
      await page
        .locator('[aria-rowindex="2"]')
        .filter({ hasText: `${ID}-many-10001` })
        .waitFor();
      expect(Math.max(...said)).toBeLessThanOrEqual(200);
      expect(await violations(page)).toEqual([]);
    } finally {
      for (let from = 0; from < many.length; from += 5000) await batch({ unregister: many.slice(from, from + 5000) });
    }
  });
});

describe("the line to the studio", () => {
  it("tells what has happened when the studio stays away, and is quiet again once it is back", async () => {
    const page = await openPage("/workflows");
    await page.locator('[data-connection="live"]').waitFor();
    let away = false;
    let cut = async () => {};
    await page.routeWebSocket(/\/ws/, async (socket) => {
      if (away) return socket.close();
      const server = socket.connectToServer();
      cut = async () => {
        await socket.close();
        await server.close();
      };
    });
    await page.reload();
    await page.locator('[data-connection="live"]').waitFor();
    away = true;
    await page.route("**/api/**", (route) => route.abort());
    await cut();
    await page.getByText("The studio has not answered since").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Start", exact: false }).first().click();
    await page.getByText("The studio did not answer. Is it still running?").waitFor();
    away = false;
    await page.unroute("**/api/**");
    await page.locator('[data-connection="live"]').waitFor();
    await page.getByText("The studio has not answered since").waitFor({ state: "detached" });
    forgive(page, /ERR_FAILED/);
  });

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
    // It was back before anybody could read of it.
    expect(await page.getByText("The studio has not answered since").count()).toBe(0);
    await page.locator('[data-connection="live"]').waitFor();
    await page.locator(`[data-actor="${id}"]`).waitFor();
  });
});
