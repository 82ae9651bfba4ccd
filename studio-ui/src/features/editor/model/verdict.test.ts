import { expect, it } from "vitest";
import type { Finding } from "../../../api/types";
import { verdictOf } from "./verdict";

const one = (severity: string): Finding => ({ severity, code: "x/y", message: "m", file: "f" });

it("the whole text is judged in a few words", () => {
  expect(verdictOf(undefined)).toBeUndefined();
  for (const [severities, omitted, tone, words] of [
    [[], 0, "good", "valid"],
    [["warning"], 0, "wait", "1 warning"],
    [["error", "warning", "error"], 0, "bad", "2 errors, 1 warning"],
    [["error"], 9, "bad", "1 error and more"],
  ] as const) {
    const findings = severities.map(one);
    const valid = !findings.some(({ severity }) => severity === "error");
    expect(verdictOf({ valid, findings, omitted })).toEqual({ tone, words });
  }
});
