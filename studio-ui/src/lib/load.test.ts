import { describe, expect, it, vi } from "vitest";
import { load } from "./load";

const away = () => Promise.reject(new TypeError("Failed to fetch dynamically imported module"));

describe("load", () => {
  it("asks again for what did not come", async () => {
    const code = vi
      .fn(() => Promise.resolve("page"))
      .mockImplementationOnce(away)
      .mockImplementationOnce(away);
    expect(await load(code, [1, 1])).toBe("page");
    expect(code).toHaveBeenCalledTimes(3);
  });

  it("says why it did not come when it never does", async () => {
    const code = vi.fn(away);
    await expect(load(code, [1, 1])).rejects.toThrow("dynamically imported");
    expect(code).toHaveBeenCalledTimes(3);
  });
});
