import { describe, expect, it } from "vitest";
import { ownUntil, quietUntil } from "./quiet";

const NOW = new Date(2025, 11, 31, 23, 30).getTime();

describe("quiet", () => {
  it("ends after some hours, or in the morning of the next day", () => {
    expect(quietUntil("1h", NOW)).toBe(NOW + 3_600_000);
    expect(quietUntil("8h", NOW)).toBe(NOW + 8 * 3_600_000);
    expect(new Date(quietUntil("tomorrow", NOW))).toEqual(new Date(2026, 0, 1, 8));
  });

  it("ends where somebody said, if that is still to come", () => {
    expect(ownUntil("2026-01-01T10:00:00", NOW)).toBe(new Date(2026, 0, 1, 10).getTime());
    expect(ownUntil("2025-12-31T23:30:00", NOW)).toBeUndefined();
    expect(ownUntil("", NOW)).toBeUndefined();
    expect(ownUntil("soon", NOW)).toBeUndefined();
  });
});
