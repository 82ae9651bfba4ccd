import { describe, expect, it } from "vitest";
import { adviceOn } from "./advice";

describe("adviceOn", () => {
  it("says what to do about what is lost, and nothing about anything else", () => {
    expect(adviceOn("lost", { code: "unreachable", message: "" })).toContain("doctor");
    expect(adviceOn("lost", { code: "constructor", message: "" })).toContain("Run it again");
    expect(adviceOn("lost", { code: "not-resumed", message: "" })).toContain("reason names");
    expect(adviceOn("lost", undefined)).toContain("Run it again");
    expect(adviceOn("failure", { code: "unreachable", message: "" })).toBeUndefined();
  });
});
