import { expect, it } from "vitest";
import type { Warning } from "../../../api/warnings";
import { withoutSaid } from "./warning-needs";

const WARNING: Warning = {
  ...{ id: "w-1", rule: "r-1", ruleName: "Errors", severity: "problem", state: "firing", about: "type" },
  ...{ subject: "Order", sentence: "errors", since: "2025-12-13T03:30:00Z", unit: "perSecond" },
} as Warning;

it("what a lint or a run says already is not said again by a warning", () => {
  const { unit: _, ...lint } = { ...WARNING, id: "w-2" };
  const run = { ...lint, id: "w-3", about: "work", link: "/runs/r_1" } as const;
  const all = [WARNING, lint, run];
  expect(withoutSaid(all, [], [])).toEqual(all);
  expect(withoutSaid(all, [{ type: "Order" }], [])).toEqual([WARNING, run]);
  expect(withoutSaid(all, [{ actor: "order-1" }], [{ path: "/runs/r_1" }, {}])).toEqual([WARNING, lint]);
});
