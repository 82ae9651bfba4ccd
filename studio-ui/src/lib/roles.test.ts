import { expect, it } from "vitest";
import { barredFrom } from "./roles";

it("offers each role what it may ask for, and says why not the rest", () => {
  expect(barredFrom("view")).toBe("Your role may look, and order nothing.");
  expect(barredFrom("view", "start")).toBe("Your role may look, and start nothing.");
  expect(barredFrom("view", "settings")).toBe("Your role may look, and order nothing.");
  expect(barredFrom("view", "silence")).toBe("Warnings are silenced by the roles operate and admin.");
  expect(barredFrom("view", "rules")).toBe("Rules and channels are changed by the role admin.");
  expect(barredFrom("operate", "silence")).toBeUndefined();
  expect(barredFrom("operate", "rules")).toBe("Rules and channels are changed by the role admin.");
  expect(barredFrom("operate")).toBeUndefined();
  expect(barredFrom("operate", "start")).toBeUndefined();
  expect(barredFrom("operate", "settings")).toBe("Other settings are given by the role admin.");
});

it("bars nobody where there are no roles, nor who may everything", () => {
  for (const role of [undefined, "admin"]) {
    for (const ask of ["order", "start", "settings", "silence", "rules"] as const) {
      expect(barredFrom(role, ask)).toBeUndefined();
    }
  }
});
