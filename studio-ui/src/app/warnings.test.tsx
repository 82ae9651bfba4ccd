/** The page of warnings, with the studio's answers given by hand. */

import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Channel, Delivery, Rule, Silence, Warning } from "../api/warnings";
import { type Answers, openStudio, Problem } from "../test-studio";
// Its code is there before the first test, which then takes no longer than the others.
import "../features/warnings/warnings-page";

const FOUND = { timeout: 8000 };

const RULE: Rule = {
  ...{ id: "r-1", name: "Order errors", enabled: true, severity: "problem", for: 60, sendResolved: true },
  channels: ["c-1"],
  when: {
    ...{ kind: "metric", metric: "errors", by: "type", filter: "type:Order*" },
    ...{ is: "above", threshold: 5, clear: 3, noData: "keep" },
  },
};
const FIRING: Warning = {
  ...{ id: "w-1", rule: "r-1", ruleName: "Order errors", severity: "problem", state: "firing", about: "type" },
  ...{ subject: "Order", sentence: "errors of `Order` were 12/s; the threshold is 5/s", unit: "perSecond" },
  ...{ value: 12, threshold: 5, since: "2025-12-13T03:20:00Z", fired: "2025-12-13T03:21:00Z" },
} as Warning;
const QUIET: Warning = { ...FIRING, id: "w-2", subject: "Cart", silencedBy: "s-1" };
const SILENCE: Silence = {
  ...{ id: "s-1", rule: "r-1", filter: "type:Cart", until: "2025-12-13T05:00:00Z" },
  ...{ reason: "a deploy", by: "ana", created: "2025-12-13T03:00:00Z" },
};
const DELIVERED: Delivery = {
  ...{ id: "d-1", message: "m-1", channel: "c-1", channelName: "On call", what: "fired", ruleName: "Order errors" },
  ...{ subject: "Order", attempt: 2, outcome: "delivered", detail: "HTTP 200", at: "2025-12-13T03:21:01Z", took: 35 },
} as Delivery;
const FAILED: Delivery = {
  ...DELIVERED,
  ...{ id: "d-0", attempt: 1, outcome: "failed", detail: "HTTP 500", next: "2025-12-13T03:22:00Z" },
};
const CHANNEL: Channel = {
  ...{ id: "c-1", name: "On call", enabled: true, last: DELIVERED },
  target: { kind: "webhook", address: "https://example.org/hook", hasSecret: true },
};
const PREVIEW = {
  ...{ from: "2025-12-13T02:33:00Z", to: "2025-12-13T03:33:00Z", since: "2025-12-12T00:00:00Z", step: 10_000 },
  ...{ leftOut: 0, more: 0 },
  firings: [
    {
      ...{ about: "type", subject: "Order", since: "2025-12-13T03:00:00Z", fired: "2025-12-13T03:01:00Z" },
      ...{ resolved: "2025-12-13T03:06:00Z", sentence: "errors of Order were 9/s" },
    },
  ],
};

const ALL: Answers = {
  "/api/warnings": {
    firing: [FIRING, QUIET],
    pending: [{ ...FIRING, id: "w-3", state: "pending", about: "actor", subject: "order-1" }],
    resolved: [{ ...FIRING, id: "w-4", state: "resolved", subject: "Till", resolved: "2025-12-13T03:30:00Z" }],
    leftOut: 0,
    version: 7,
  },
  "/api/warnings/rules": [RULE],
  "/api/warnings/channels": [CHANNEL],
  "/api/warnings/silences": [SILENCE],
  "/api/warnings/deliveries": { deliveries: [DELIVERED, FAILED], waiting: 1, dropped: 2 },
  "POST /api/warnings/preview": PREVIEW,
  "POST /api/warnings/silences": SILENCE,
};

function warnings(search = "", answers: Answers = {}) {
  const studio = openStudio(`/warnings${search}`, { ...ALL, ...answers });
  /** What was sent with the last of these. */
  const sentTo = (key: string) => {
    const at = studio.asked.lastIndexOf(key);
    return at < 0 ? undefined : JSON.parse(String(studio.sent[at] ?? "null"));
  };
  return { ...studio, sentTo };
}

const region = async (name: string) => within(await screen.findByRole("region", { name }, FOUND));
const role = (name: string) => ({ "/api/session": { required: true, signedIn: true, role: name } });
const type = (field: HTMLElement, value: string) => fireEvent.change(field, { target: { value } });

beforeEach(() => window.localStorage.clear());
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("what is the case now", () => {
  it("says what fires, since when, and leads to what it is about", async () => {
    warnings();
    const firing = await region("Firing");
    const row = firing.getAllByText("12/s", { exact: false })[0]?.closest("li") as HTMLElement;
    expect(row.textContent).toContain("errors of Order were 12/s; the threshold is 5/s");
    const subject = within(row).getByRole("link", { name: "Order" }) as HTMLAnchorElement;
    expect(new URL(subject.href).search).toBe("?filter=type%3AOrder");
    const link = (await within(row).findByRole("link", { name: "Metrics" })) as HTMLAnchorElement;
    const wanted = new URL(link.href).searchParams;
    expect([wanted.get("by"), wanted.get("filter"), wanted.get("panels")]).toEqual([
      "type",
      "type:Order",
      '["errors"]',
    ]);
    (await region("Pending")).getByRole("link", { name: "order-1" });
    (await region("Recently resolved")).getByRole("link", { name: "Till" });
  });

  it("leads to the run that it is about, and nowhere outside of the studio", async () => {
    const work = { ...FIRING, about: "work", subject: "CI", unit: undefined } as const;
    const firing = [
      { ...work, link: "/runs/r-7?job=build" },
      { ...work, id: "w-9", subject: "Elsewhere", link: "//example.org" },
    ];
    const list = { firing, pending: [], resolved: [], leftOut: 0, version: 1 };
    const studio = warnings("", { "/api/warnings": list });
    const rows = await region("Firing");
    expect(rows.queryByRole("link", { name: "Elsewhere" })).toBeNull();
    fireEvent.click(rows.getByRole("link", { name: "CI" }));
    await waitFor(() => expect(studio.router.state.location.pathname).toBe("/runs/r-7"));
    expect(studio.router.state.location.search).toEqual({ job: "build" });
  });

  it("counts in the menu what fires and is not silenced, and shows what changes", async () => {
    const studio = warnings();
    await screen.findByRole("link", { name: /^Warnings\s*1\s*firing$/ }, FOUND);
    studio.answers["/api/warnings"] = { firing: [], pending: [], resolved: [], leftOut: 0, version: 8 };
    await studio.hello();
    await studio.say("warnings", { firing: 0, pending: 0, silenced: 0, failing: 0, version: 8 });
    await screen.findByRole("link", { name: "Warnings" }, FOUND);
    (await region("Firing")).getByText("Nothing is wrong.");
  });

  it("is silenced for a while, with its subject alone", async () => {
    const studio = warnings();
    const button = (await region("Firing")).getByRole("button", { name: "Silence Order errors of Order" });
    fireEvent.click(button);
    const asks = within(screen.getByRole("group", { name: "Silence Order errors of Order for" }));
    expect(document.activeElement?.textContent).toBe("1 hour");
    const before = Date.now();
    fireEvent.click(asks.getByRole("button", { name: "8 hours" }));
    await waitFor(() => expect(studio.sentTo("POST /api/warnings/silences")).toBeTruthy());
    const { rule, filter, until } = studio.sentTo("POST /api/warnings/silences");
    expect([rule, filter]).toEqual(["r-1", "type:Order"]);
    expect(Date.parse(until)).toBeGreaterThanOrEqual(before + 8 * 3_600_000);
    expect(document.activeElement).toBe(button);
  });

  it("is silenced until a moment of one's own, which is still to come", async () => {
    const studio = warnings();
    fireEvent.click((await region("Firing")).getByRole("button", { name: "Silence Order errors of Order" }));
    fireEvent.click(screen.getByRole("button", { name: "Until …" }));
    const asks = within(screen.getByRole("group", { name: "Silence Order errors of Order for" }));
    type(asks.getByLabelText("Until"), "2001-01-01T00:00:00");
    fireEvent.click(asks.getByRole("button", { name: "Silence" }));
    expect(asks.getByRole("alert").textContent).toContain("still to come");
    type(asks.getByLabelText("Until"), "2100-01-01T00:00:00");
    fireEvent.click(asks.getByRole("button", { name: "Silence" }));
    await waitFor(() => expect(studio.sentTo("POST /api/warnings/silences")).toBeTruthy());
    expect(studio.sentTo("POST /api/warnings/silences").until).toBe(new Date(2100, 0, 1).toISOString());
  });

  it("has what is silenced, by whom, and an end to it", async () => {
    const studio = warnings("", { "DELETE /api/warnings/silences/s-1": null });
    const silenced = await region("Silenced");
    await silenced.findByText("ana");
    silenced.getByText("a deploy");
    fireEvent.click(silenced.getByRole("button", { name: "End the silence of Order errors about type:Cart" }));
    await waitFor(() => expect(studio.asked).toContain("DELETE /api/warnings/silences/s-1"));
  });

  it("is silenced by rule and by filter", async () => {
    const studio = warnings();
    fireEvent.click((await region("Silenced")).getByRole("button", { name: "New silence" }));
    const asks = within(screen.getByRole("group", { name: "New silence" }));
    type(asks.getByLabelText("Filter"), "type:Order state:");
    expect((asks.getByRole("button", { name: "Silence what is chosen" }) as HTMLButtonElement).disabled).toBe(true);
    type(asks.getByLabelText("Filter"), "type:Order");
    type(asks.getByLabelText("Why"), "moving");
    fireEvent.click(asks.getByRole("button", { name: "Silence what is chosen" }));
    fireEvent.click(screen.getByRole("button", { name: "1 hour" }));
    await waitFor(() =>
      expect(studio.sentTo("POST /api/warnings/silences")).toMatchObject({ filter: "type:Order", reason: "moving" }),
    );
    expect(studio.sentTo("POST /api/warnings/silences").rule).toBeUndefined();
  });

  it("says that it was refused", async () => {
    warnings("", { "POST /api/warnings/silences": new Problem(409, "There are 500 silences already.") });
    fireEvent.click((await region("Firing")).getByRole("button", { name: "Silence Order errors of Order" }));
    fireEvent.click(screen.getByRole("button", { name: "1 hour" }));
    await screen.findByText("There are 500 silences already.");
  });
});

describe("rules", () => {
  it("say when they fire and where that is sent, and are switched off and deleted", async () => {
    const off = { ...RULE, enabled: false };
    const answers = { "PUT /api/warnings/rules/r-1": off, "DELETE /api/warnings/rules/r-1": null };
    const studio = warnings("?view=rules", answers);
    const row = within(await screen.findByRole("list", { name: "Rules" }, FOUND));
    await waitFor(() => row.getByText("sent to On call"));
    expect(document.querySelector("[data-rule]")?.textContent).toContain(
      "Errors of each type of type:Order* above 5/s (until 3/s) for 1m",
    );
    studio.answers["/api/warnings/rules"] = [off];
    fireEvent.click(row.getByRole("switch", { name: "Order errors is on" }));
    await waitFor(() => expect(row.getByRole("switch").getAttribute("aria-checked")).toBe("false"));
    const { id: _, ...asked } = off;
    expect(studio.sentTo("PUT /api/warnings/rules/r-1")).toEqual(asked);
    fireEvent.click(row.getByRole("button", { name: "Delete Order errors" }));
    const question = within(screen.getByRole("group", { name: "Delete Order errors?" }));
    expect(document.activeElement?.textContent).toBe("Leave it");
    studio.answers["/api/warnings/rules"] = [];
    fireEvent.click(question.getByRole("button", { name: "Delete Order errors" }));
    await screen.findByText("There is no rule yet.");
    expect(studio.asked).toContain("DELETE /api/warnings/rules/r-1");
  });

  it("are made in a form that says what is wrong, and what the rule would have done", async () => {
    const studio = warnings("?view=rules", { "POST /api/warnings/rules": { ...RULE, id: "r-2", name: "Slow" } });
    fireEvent.click(await screen.findByRole("button", { name: "New rule" }, FOUND));
    const form = within(await screen.findByRole("form", { name: "New rule" }));
    expect(document.activeElement).toBe(form.getByLabelText("Name"));
    fireEvent.click(form.getByRole("button", { name: "Save" }));
    form.getByText("Name is needed.");
    form.getByText("Threshold is needed.");
    type(form.getByLabelText("Threshold, a second"), "5");
    const preview = await region("Preview");
    await preview.findByText("Would have fired once in the last hour.", undefined, FOUND);
    expect(preview.getByRole("region", { name: "Errors" })).toBeTruthy();
    fireEvent.click(preview.getByText("Day"));
    await preview.findByText("Would have fired once in the last day.", undefined, FOUND);
    type(form.getByLabelText("Name"), "Slow");
    fireEvent.click(form.getByLabelText("On call"));
    fireEvent.click(form.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(studio.sentTo("POST /api/warnings/rules")).toBeTruthy());
    expect(studio.sentTo("POST /api/warnings/rules")).toMatchObject({
      name: "Slow",
      for: 60,
      channels: ["c-1"],
      when: { kind: "metric", metric: "errors", by: "all", is: "above", threshold: 5, clear: null },
    });
    await waitFor(() => expect(screen.queryByRole("form", { name: "New rule" })).toBeNull());
    expect(studio.router.state.location.search).toEqual({ view: "rules" });
  });

  it("are about lints and runs, too, and keep what was typed where the studio refuses them", async () => {
    const refused = new Problem(400, "`name`: is taken");
    const studio = warnings("?rule=new", { "POST /api/warnings/rules": refused });
    const form = within(await screen.findByRole("form", { name: "New rule" }, FOUND));
    type(form.getByLabelText("Name"), "Stuck");
    fireEvent.click(form.getByText("A lint"));
    fireEvent.click(form.getByLabelText("stuck_handler"));
    fireEvent.click(form.getByRole("button", { name: "Save" }));
    await form.findByText("`name`: is taken");
    expect(studio.sentTo("POST /api/warnings/rules").when).toEqual({
      ...{ kind: "lint", codes: ["stuck_handler"], filter: "" },
    });
    fireEvent.click(form.getByText("Runs"));
    type(form.getByLabelText("Workflow"), "CI*");
    fireEvent.click(form.getByRole("button", { name: "Save" }));
    await waitFor(() =>
      expect(studio.sentTo("POST /api/warnings/rules").when).toMatchObject({
        kind: "work",
        event: "failed",
        subject: "CI*",
      }),
    );
  });

  it("are changed in the same form, and the keyboard goes back to the rule", async () => {
    const studio = warnings("?view=rules", { "PUT /api/warnings/rules/r-1": RULE });
    fireEvent.click(await screen.findByRole("button", { name: "Change Order errors" }, FOUND));
    const form = within(await screen.findByRole("form", { name: "Change Order errors" }));
    expect((form.getByLabelText("Clear threshold, a second") as HTMLInputElement).value).toBe("3");
    fireEvent.click(form.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(studio.sentTo("PUT /api/warnings/rules/r-1")).toBeTruthy());
    const { id: _, ...asked } = RULE;
    expect(studio.sentTo("PUT /api/warnings/rules/r-1")).toEqual(asked);
    const button = await screen.findByRole("button", { name: "Change Order errors" });
    await waitFor(() => expect(document.activeElement).toBe(button));
  });

  it("begin with what another page is about, and say that one is gone", async () => {
    warnings("?rule=new&metric=waitP95&by=actor&filter=id%3Aorder-1");
    const form = within(await screen.findByRole("form", { name: "New rule" }, FOUND));
    expect((form.getByLabelText("Filter") as HTMLInputElement).value).toBe("id:order-1");
    expect((form.getByRole("combobox", { name: "Metric" }) as HTMLInputElement).value).toBe("Waiting p95");
  });

  it("say that one is gone", async () => {
    warnings("?rule=r-9");
    await screen.findByText("There is no rule r-9 any more.", undefined, FOUND);
  });
});

describe("channels", () => {
  it("say where they lead, whether it worked, and are tried", async () => {
    const failed = { ...DELIVERED, id: "d-2", what: "test", outcome: "failed", detail: "connection refused" };
    const studio = warnings("?view=channels", { "POST /api/warnings/channels/c-1/test": failed });
    const row = within(await screen.findByRole("list", { name: "Channels" }, FOUND));
    row.getByText("https://example.org/hook");
    row.getByText("signed: secret set");
    fireEvent.click(row.getByRole("button", { name: "Test On call" }));
    await row.findByText("connection refused (35 ms)");
    expect(studio.asked).toContain("POST /api/warnings/channels/c-1/test");
    const log = await region("Deliveries");
    log.getByText("1 message waiting to be sent");
    log.getByText("2 messages found no room in the queue, and were not sent.");
    const attempts = log.getAllByRole("listitem").map(({ textContent }) => textContent);
    expect(attempts[0]).toMatch(/^deliveredOrder errors of Order fires, to On call.*attempt 2HTTP 200 \(35 ms\)$/);
    expect(attempts[1]).toMatch(/^failedOrder errors of Order fires, to On call.*HTTP 500 \(35 ms\)again at /);
  });

  it("are added, and their secrets are typed and never shown", async () => {
    const studio = warnings("?view=channels", { "POST /api/warnings/channels": CHANNEL });
    fireEvent.click(await screen.findByRole("button", { name: "New channel" }, FOUND));
    const form = within(screen.getByRole("form", { name: "New channel" }));
    fireEvent.click(form.getByRole("button", { name: "Save" }));
    form.getByText("Address is needed.");
    type(form.getByLabelText("Name"), "On call");
    const [address, secret] = [form.getByLabelText("Address"), form.getByLabelText("Secret")] as HTMLInputElement[];
    expect([address?.type, secret?.type]).toEqual(["password", "password"]);
    type(address as HTMLElement, "https://example.org/hook");
    type(secret as HTMLElement, "s3cret");
    fireEvent.click(form.getByRole("button", { name: "Save" }));
    await waitFor(() =>
      expect(studio.sentTo("POST /api/warnings/channels")).toEqual({
        name: "On call",
        enabled: true,
        target: { kind: "webhook", url: "https://example.org/hook", secret: "s3cret" },
      }),
    );
    await waitFor(() => expect(screen.queryByRole("form")).toBeNull());
    expect(document.activeElement?.textContent).toBe("New channel");
  });

  it("keep secrets that are not replaced, and are switched off and deleted without them", async () => {
    const answers = { "PUT /api/warnings/channels/c-1": CHANNEL, "DELETE /api/warnings/channels/c-1": null };
    const studio = warnings("?view=channels", answers);
    const kept = { name: "On call", enabled: true, target: { kind: "webhook" } };
    fireEvent.click(await screen.findByRole("switch", { name: "On call is on" }, FOUND));
    await waitFor(() => expect(studio.sentTo("PUT /api/warnings/channels/c-1")).toEqual({ ...kept, enabled: false }));
    fireEvent.click(screen.getByRole("button", { name: "Change On call" }));
    const form = within(await screen.findByRole("form", { name: "Change On call" }));
    fireEvent.click(within(form.getByRole("group", { name: "Secret" })).getByRole("button", { name: "Replace" }));
    expect(document.activeElement).toBe(form.getByLabelText("Secret"));
    fireEvent.click(form.getByRole("button", { name: "Keep the one that is set" }));
    fireEvent.click(within(form.getByRole("group", { name: "Secret" })).getByRole("button", { name: "Replace" }));
    type(form.getByLabelText("Secret"), "other");
    fireEvent.click(form.getByRole("button", { name: "Save" }));
    const target = { kind: "webhook", secret: "other" };
    await waitFor(() => expect(studio.sentTo("PUT /api/warnings/channels/c-1")).toEqual({ ...kept, target }));
    fireEvent.click(screen.getByRole("button", { name: "Delete On call" }));
    fireEvent.click(within(screen.getByRole("group")).getByRole("button", { name: "Delete On call" }));
    await waitFor(() => expect(studio.asked).toContain("DELETE /api/warnings/channels/c-1"));
  });
});

describe("roles", () => {
  it("one who may only look sees all of it, and who may change it", async () => {
    warnings("", role("view"));
    await screen.findByText("Warnings are silenced by the roles operate and admin.", undefined, FOUND);
    const silence = screen.getByRole("button", { name: "Silence Order errors of Order" }) as HTMLButtonElement;
    expect([silence.disabled, silence.title]).toEqual([true, "Warnings are silenced by the roles operate and admin."]);
    fireEvent.click(screen.getByRole("tab", { name: /Rules/ }));
    await screen.findByText("Rules and channels are changed by the role admin.");
    expect((screen.getByRole("switch") as HTMLButtonElement).disabled).toBe(true);
    fireEvent.click(screen.getByRole("button", { name: "Look at Order errors" }));
    const form = within(await screen.findByRole("form"));
    expect((form.getByRole("button", { name: "Save" }) as HTMLButtonElement).disabled).toBe(true);
    await (await region("Preview")).findByText("Would have fired once in the last hour.", undefined, FOUND);
    fireEvent.click(screen.getByRole("tab", { name: /Channels/ }));
    const test = (await screen.findByRole("button", { name: "Test On call" })) as HTMLButtonElement;
    expect(test.disabled).toBe(true);
  });

  it("one who operates silences, and changes no rule", async () => {
    warnings("", role("operate"));
    const button = (await region("Firing")).getByRole("button", { name: /^Silence/ }) as HTMLButtonElement;
    expect(button.disabled).toBe(false);
    expect((screen.getByRole("button", { name: "New rule" }) as HTMLButtonElement).disabled).toBe(true);
  });
});

it("a studio that does not warn says so", async () => {
  warnings("", { "/api/warnings": new Problem(404, "no such thing") });
  await screen.findByText("This studio does not warn.", undefined, FOUND);
});

it("what cannot be read says why, and can be asked for again", async () => {
  const studio = warnings("", { "/api/warnings": new Problem(503, "`warnings.json`, line 3: no rule") });
  await screen.findByText("`warnings.json`, line 3: no rule", undefined, FOUND);
  studio.answers["/api/warnings"] = ALL["/api/warnings"];
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  await region("Pending");
});

it("the overview has what fires among what needs somebody", async () => {
  openStudio("/", {
    ...ALL,
    "/api/v1/actors": { items: [], next: null, total: 0 },
    "/api/map": { group: "actor", nodes: [], edges: [] },
  });
  const needs = await region("Needs you");
  const row = (await needs.findByText("12/s", { exact: false }, FOUND)).closest("li") as HTMLElement;
  expect(row.dataset.severity).toBe("problem");
  within(row).getByRole("link", { name: "Order" });
  expect(needs.queryByText("Cart")).toBeNull();
});

it("pictures of metrics lead to a rule about what they show", async () => {
  openStudio("/trends?by=type&filter=type%3AOrder&panels=wait,cpu", {
    "/api/history": {
      from: 0,
      to: 1000,
      step: 1000,
      since: 0,
      more: 0,
      leftOut: 0,
      series: [series("type"), series("process")],
    },
  });
  const link = (await screen.findByRole("link", { name: "Warn me about Waiting" }, FOUND)) as HTMLAnchorElement;
  expect(new URL(link.href).search).toBe("?view=rules&rule=new&metric=waitP95&by=type&filter=type%3AOrder");
  const cpu = (await screen.findByRole("link", { name: "Warn me about Processor" }, FOUND)) as HTMLAnchorElement;
  expect(new URL(cpu.href).search).toBe("?view=rules&rule=new&metric=cpu&by=process");
});

function series(by: "type" | "process") {
  const metric = by === "type" ? "waitP95" : "cpu";
  return { by, name: "Order", metric, unit: "ms", values: [1], max: [1] };
}
