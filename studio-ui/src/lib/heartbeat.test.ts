import { expect, it } from "vitest";
import { heartbeatAge } from "./heartbeat";

const BEAT = "2025-12-13T03:33:58.000Z";
const AT = Date.parse(BEAT);

function actor(status?: string) {
  return { id: "a", type: "T", lastHeartbeat: BEAT, ...(status !== undefined && { status }) };
}

it("a beat's age grows up to where the studio would have called the actor stale", () => {
  expect(heartbeatAge(actor("active"), AT + 400, true)).toBe(400);
  expect(heartbeatAge(actor("active"), AT + 25_000, true)).toBe("fresh");
  expect(heartbeatAge(actor(), AT + 25_000, true)).toBe("fresh");
});

it("a silent actor's beat grows old, and every beat does while there is no line to the studio", () => {
  for (const status of ["stale", "stopped", "failed"])
    expect(heartbeatAge(actor(status), AT + 25_000, true)).toBe(25_000);
  expect(heartbeatAge(actor("active"), AT + 25_000, false)).toBe(25_000);
});

it("no beat is no age", () => {
  expect(heartbeatAge({ id: "a", type: "T" }, AT, true)).toBeUndefined();
});
