import { describe, expect, it } from "vitest";
import type { Channel, ShownTarget } from "../../../api/warnings";
import { addressOf, type FilledChannel, FRESH_CHANNEL, filledChannel, madeChannel, switched } from "./channel-form";

const MAIL: ShownTarget = {
  ...{ kind: "email", host: "smtp.example.org", port: 587, security: "starttls", user: "loom", hasPassword: true },
  ...{ from: "loom@example.org", to: ["a@example.org", "b@example.org"] },
} as ShownTarget;

function channel(target: ShownTarget): Channel {
  return { id: "c-1", name: "On call", enabled: true, target };
}

const targetOf = (filled: FilledChannel) => madeChannel(filled).asked?.target;
const problemsOf = (change: Partial<FilledChannel>) =>
  madeChannel({ ...FRESH_CHANNEL, name: "On call", ...change }).problems ?? {};

describe("a channel that is filled in", () => {
  it("leaves secrets as the studio has them, unless others are typed", () => {
    const hook = filledChannel(channel({ kind: "webhook", address: "https://example.org/hook", hasSecret: true }));
    expect(targetOf(hook)).toEqual({ kind: "webhook" });
    expect(targetOf({ ...hook, secret: "" })).toEqual({ kind: "webhook", secret: "" });
    expect(targetOf({ ...hook, url: " https://example.org/x ", secret: "s" })).toEqual({
      ...{ kind: "webhook", url: "https://example.org/x", secret: "s" },
    });
    const slack = filledChannel(channel({ kind: "slack", address: "https://hooks.slack.com/…" }));
    expect(targetOf(slack)).toEqual({ kind: "slack" });
    const { hasPassword: _, ...mail } = MAIL as ShownTarget & { hasPassword: boolean };
    expect(targetOf(filledChannel(channel(MAIL)))).toEqual(mail);
    expect(targetOf({ ...filledChannel(channel(MAIL)), password: "new" })).toEqual({ ...mail, password: "new" });
  });

  it("gives up the password with its user", () => {
    const filled = { ...filledChannel(channel(MAIL)), user: "" };
    expect(targetOf(filled)).toMatchObject({ user: "", password: "" });
  });

  it("says of each field what is wrong with it", () => {
    expect(problemsOf({ url: "https://example.org" })).toEqual({});
    expect(problemsOf({ name: "", url: "" })).toEqual({ name: "is needed", url: "is needed" });
    for (const url of ["example.org", "ftp://example.org", "javascript:alert(1)"]) {
      expect(problemsOf({ url })).toEqual({ url: "begins with https:// or http://" });
    }
    const mail = { kind: "email", host: "h", from: "a@b", to: "a@b; c@d" } as const;
    expect(problemsOf(mail)).toEqual({});
    expect(problemsOf({ ...mail, host: " ", from: "a", to: "a@b, c", port: "0" })).toEqual({
      host: "is needed",
      port: "is no port",
      from: "is an address such as loom@example.org",
      to: "is one address or more, with commas between",
    });
    expect(problemsOf({ ...mail, user: "loom" })).toEqual({ password: "is needed with a user" });
    expect(problemsOf({ ...mail, password: "x" })).toEqual({ user: "is needed with a password" });
  });

  it("is switched on and off without its secrets", () => {
    const { hasPassword: _, ...mail } = MAIL as ShownTarget & { hasPassword: boolean };
    expect(switched(channel(MAIL))).toEqual({ name: "On call", enabled: false, target: mail });
    const hook = { ...channel({ kind: "webhook", address: "https://example.org", hasSecret: true }), enabled: false };
    expect(switched(hook)).toEqual({ name: "On call", enabled: true, target: { kind: "webhook" } });
  });

  it("says where it leads", () => {
    expect(addressOf(MAIL)).toBe("a@example.org, b@example.org by smtp.example.org:587");
    expect(addressOf({ kind: "slack", address: "https://hooks.slack.com/…" })).toBe("https://hooks.slack.com/…");
  });
});
