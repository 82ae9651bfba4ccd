/** A studio in which nothing is there yet: every page says what to do next. */

import { describe, expect, it } from "vitest";
import { openPage, sticksOut, until, violations, withBrowser } from "./harness";

withBrowser();

const NO_PAGE = { items: [], next: null, total: 0, truncated: false };
const COUNTS = {
  actorPools: { totalActors: 9, activeActors: 2, idleActors: 7, byType: {}, byStatus: {}, systemActors: 9 },
  messageQueues: { totalMessages: 3, pendingMessages: 0 },
};
const NOTHING = {
  "/api/metrics": { timestamp: new Date().toISOString(), ...COUNTS },
  "/api/v1/runs": NO_PAGE,
  "/api/workflows": [],
  "/api/v1/actors": NO_PAGE,
  "/api/map": { group: "type", grouped: false, nodes: [], edges: [] },
  "/api/types": [],
  "/api/lints": [],
};

/** What stands on each page that can be copied and tried. */
const NEXT = {
  "/": ["loom-runtime run .loom.yml", "runs-on"],
  "/runs": ["loom-runtime run .loom.yml", "runs-on"],
  "/workflows": ["runs-on", "loom-runtime run .loom.yml"],
  "/map": ["get_discovery_bridge().connect", "STUDIO_ENABLED=true", "/api/actor/register"],
  "/types": ["STUDIO_ENABLED=true"],
  "/logs": ["loom-runtime run .loom.yml"],
};

describe.each([380, 1280])("%i pixels wide", (width) => {
  it.each(Object.entries(NEXT))("%s says what to do next", async (path, words) => {
    for (const theme of ["light", "dark"] as const) {
      const page = await openPage(path, { answers: NOTHING, width, theme });
      for (const word of words) {
        await page.locator("main pre", { hasText: word }).first().waitFor();
      }
      expect(await page.locator("main").getByText("React Flow").count()).toBe(0);
      expect(await violations(page)).toEqual([]);
      const outside = (await sticksOut(page)).filter((element) => !element.startsWith("PRE"));
      expect(outside).toEqual([]);
    }
  });
});

it("the counts above are those of the pages that they lead to", async () => {
  const page = await openPage("/actors");
  await page.locator("[data-actor]").first().waitFor();
  await until("the two to be one", async () => {
    const above = await page.getByRole("link", { name: / actors$/ }).textContent();
    const here = await page.locator("header", { has: page.locator("h1") }).textContent();
    return here?.includes(`Actors${above} actor`) || undefined;
  });
});
