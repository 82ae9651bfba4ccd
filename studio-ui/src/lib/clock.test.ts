import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ServerClock } from "./clock";

const AT = Date.parse("2025-12-13T03:33:58.000Z");

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(AT);
});
afterEach(() => vi.useRealTimers());

it("goes by the studio's clock, by the sample that travelled least", () => {
  const clock = new ServerClock();
  expect(clock.now()).toBe(AT);
  clock.observe("2025-12-13T04:33:57.200Z", AT);
  clock.observe("2025-12-13T04:33:57.950Z", AT);
  clock.observe("2025-12-13T04:33:57.500Z", AT);
  expect(clock.now()).toBe(Date.parse("2025-12-13T04:33:57.950Z"));
});

it("follows a studio whose clock was put back, and ignores what is no moment", () => {
  const clock = new ServerClock();
  clock.observe("2025-12-13T04:33:58.000Z", AT);
  clock.observe("soon", AT);
  for (let sample = 0; sample < 10; sample += 1) clock.observe("2025-12-13T03:33:58.000Z", AT);
  expect(clock.now()).toBe(AT);
});
