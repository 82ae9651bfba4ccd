import { screen, waitFor } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { openStudio } from "../test-studio";

const FOUND = { timeout: 8000 };

afterEach(() => vi.unstubAllGlobals());

// One page after the other: that there are several servers is remembered for as long as the page is open.
it("asks one server alone nothing about others, and says what one of several is missing", async () => {
  const alone = openStudio("/runs");
  await alone.hello();
  await screen.findByText("Nothing has run yet.", undefined, FOUND);
  expect(alone.asked).not.toContain("/api/health");
  alone.unmount();

  const message = "failed to reach Redis at example.org:6379: it does not answer in time";
  const health = { status: "degraded", version: "1", uptime: 1, parts: { servers: { status: "degraded", message } } };
  const several = openStudio("/runs", { "/api/health": health });
  await several.say("hello", { epoch: "a", seq: 1, position: "1764512345678-0" });
  await screen.findByText(`This studio's server says: ${message}.`, undefined, FOUND);
  several.answers["/api/health"] = { ...health, parts: { servers: { status: "ok", message: "3 servers" } } };
  await waitFor(() => expect(screen.queryByText(/server says/)).toBeNull(), FOUND);
});
