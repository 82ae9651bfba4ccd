import { expect, it } from "vitest";
import { barredFrom } from "./roles";

it("offers each role what it may ask for, and says why not the rest", () => {
  expect(barredFrom("view")).toBe("Your role may look, and order nothing.");
  expect(barredFrom("view", "start")).toBe("Your role may look, and start nothing.");
  expect(barredFrom("view", "settings")).toBe("Your role may look, and order nothing.");
  expect(barredFrom("operate")).toBeUndefined();
  expect(barredFrom("operate", "start")).toBeUndefined();
  expect(barredFrom("operate", "settings")).toBe("Other settings are given by the role admin.");
});

it("bars nobody where there are no roles, nor who may everything", () => {
  for (const role of [undefined, "admin"]) {
    expect([barredFrom(role), barredFrom(role, "start"), barredFrom(role, "settings")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  }
});
