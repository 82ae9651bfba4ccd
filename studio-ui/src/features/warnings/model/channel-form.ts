/** A channel as it is filled in, and what is asked of the studio for it. A secret that is not typed stays as the studio has it. */

import type { Channel, ChannelAsked, Security, ShownTarget, Target } from "../../../api/warnings";

export type ChannelKind = Target["kind"];

export type FilledChannel = {
  name: string;
  enabled: boolean;
  kind: ChannelKind;
  /** Undefined leaves what is set. */
  url: string | undefined;
  secret: string | undefined;
  password: string | undefined;
  host: string;
  port: string;
  security: Security;
  user: string;
  from: string;
  to: string;
};

export type ChannelProblems = Partial<Record<keyof FilledChannel, string>>;
export type MadeChannel = { asked: ChannelAsked; problems?: never } | { asked?: never; problems: ChannelProblems };

export const KINDS: readonly ChannelKind[] = ["webhook", "slack", "email"];
export const KIND_WORDS: Record<ChannelKind, string> = { webhook: "Webhook", slack: "Slack", email: "E-mail" };
/** What connects to a server of mail, in words, and where it listens by habit. */
export const SECURITIES: Record<Security, { word: string; port: number }> = {
  starttls: { word: "STARTTLS", port: 587 },
  tls: { word: "TLS", port: 465 },
  plain: { word: "none (this machine only)", port: 25 },
};

export const FRESH_CHANNEL: FilledChannel = {
  name: "",
  enabled: true,
  kind: "webhook",
  url: "",
  secret: "",
  password: "",
  host: "",
  port: "",
  security: "starttls",
  user: "",
  from: "",
  to: "",
};

export function filledChannel({ name, enabled, target }: Channel): FilledChannel {
  const filled = { ...FRESH_CHANNEL, name, enabled, kind: target.kind };
  switch (target.kind) {
    case "webhook":
      return { ...filled, url: undefined, secret: target.hasSecret ? undefined : "" };
    case "slack":
      return { ...filled, url: undefined };
    case "email": {
      const { host, port, security, user, hasPassword, from, to } = target;
      const password = hasPassword ? undefined : "";
      return { ...filled, host, port: String(port), security, user: user ?? "", password, from, to: to.join(", ") };
    }
  }
}

export function madeChannel(filled: FilledChannel): MadeChannel {
  const problems: ChannelProblems = {};
  const name = filled.name.trim();
  if (name === "") problems.name = "is needed";
  const target = targetOf(filled, problems);
  if (Object.keys(problems).length > 0) return { problems };
  return { asked: { name, enabled: filled.enabled, target } };
}

function targetOf(filled: FilledChannel, problems: ChannelProblems): Target {
  const { kind } = filled;
  if (kind === "email") return mailOf(filled, problems);
  const url = filled.url?.trim();
  if (url === "") problems.url = "is needed";
  else if (url !== undefined && !isHttp(url)) problems.url = "begins with https:// or http://";
  const given = url === undefined ? {} : { url };
  if (kind === "slack") return { kind, ...given };
  return { kind, ...given, ...(filled.secret !== undefined && { secret: filled.secret }) };
}

function mailOf(filled: FilledChannel, problems: ChannelProblems): Target {
  const { security, password } = filled;
  const [host, user, from] = [filled.host.trim(), filled.user.trim(), filled.from.trim()];
  if (host === "") problems.host = "is needed";
  const port = filled.port.trim() === "" ? undefined : Number(filled.port);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) problems.port = "is no port";
  if (!from.includes("@")) problems.from = "is an address such as loom@example.org";
  const to = filled.to
    .split(/[,;\s]+/)
    .map((one) => one.trim())
    .filter(Boolean);
  if (to.length === 0 || to.some((one) => !one.includes("@")))
    problems.to = "is one address or more, with commas between";
  if (user === "" && password !== undefined && password !== "") problems.user = "is needed with a password";
  if (user !== "" && password === "") problems.password = "is needed with a user";
  const account = {
    user,
    // Without a user there is no password either.
    ...(user === "" ? { password: "" } : password !== undefined && { password }),
  };
  return { kind: "email", host, security, from, to, ...account, ...(port !== undefined && { port }) };
}

function isHttp(url: string): boolean {
  try {
    return /^https?:$/.test(new URL(url).protocol);
  } catch {
    return false;
  }
}

/** The channel as it is, but on where it was off. */
export function switched({ name, enabled, target }: Channel): ChannelAsked {
  return { name, enabled: !enabled, target: keptTarget(target) };
}

function keptTarget(target: ShownTarget): Target {
  if (target.kind !== "email") return { kind: target.kind };
  const { hasPassword: _, user, ...kept } = target;
  return { ...kept, ...(user != null && { user }) };
}

/** Where a channel leads, as much of it as is told. */
export function addressOf(target: ShownTarget): string {
  if (target.kind !== "email") return target.address;
  return `${target.to.join(", ")} by ${target.host}:${target.port}`;
}
