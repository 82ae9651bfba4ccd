/** Overview, actor, map and types as a whole page, with the studio's answers given by hand. */

import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ActorMap, JournalLine, Lint } from "../api/inside";
import { openStudio, PENDING, Problem, Raw } from "../test-studio";

// The first visit of a page loads its code, which takes longer on a busy machine than the library waits by itself.
const FOUND = { timeout: 8000 };
const HOSTILE = '<img src=x onerror="alert(1)">';
const NO_ACTORS = { items: [], next: null, total: 0 };
const NO_MAP: ActorMap = { group: "actor", nodes: [], edges: [] };
const HISTORY = {
  step: 1000,
  from: "2025-12-13T03:23:58.077Z",
  rate: [40, null, 42],
  errors: [0, null, 0],
  queue: [1, null, 2],
  waitMs: [0.5, null, null],
  handleMs: [0.1, null, 0.1],
};
const LINT: Lint = {
  code: "growing-mailbox",
  severity: "problem",
  actor: "aggregator-1",
  sentence: "its queue grows",
  since: "2025-12-13T03:30:00.000Z",
};

afterEach(() => vi.unstubAllGlobals());

function overview(answers: Record<string, unknown> = {}) {
  return openStudio("/", { "/api/v1/actors": NO_ACTORS, "/api/map": NO_MAP, ...answers });
}

const ALONE = { "/api/ui": { sections: [{ id: "actors", title: "Actors", path: "/actors" }] } };

describe("the overview", () => {
  it("does not say that nothing needs anybody before it knows", async () => {
    overview({ "/api/lints": PENDING });
    await screen.findByText("Loading what needs you …", undefined, FOUND);
    expect(screen.queryByText("Nothing needs you.")).toBeNull();
  });

  it("says that nothing needs anybody", async () => {
    overview();
    await screen.findByText("Nothing needs you.", undefined, FOUND);
  });

  it("says what could not be read, and asks again", async () => {
    const studio = overview({ "/api/lints": new Problem(503, "the lints rest") });
    await screen.findByText("the lints rest", undefined, FOUND);
    expect(screen.queryByText("Nothing needs you.")).toBeNull();
    studio.answers["/api/lints"] = [];
    fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    await screen.findByText("Nothing needs you.");
  });

  it("leads from a lint to its actor, and takes new ones from frames", async () => {
    const studio = overview({ "/api/lints": [LINT] });
    await studio.hello();
    const needs = await screen.findByRole("region", { name: "Needs you" }, FOUND);
    await within(needs).findByText("its queue grows");
    expect(within(needs).getByRole("link", { name: "aggregator-1" }).getAttribute("href")).toBe("/actors/aggregator-1");
    await studio.say("lints", [{ ...LINT, sentence: HOSTILE }]);
    await within(needs).findByText(HOSTILE);
    await studio.say("lints", []);
    await within(needs).findByText("Nothing needs you.");
    await studio.say("lints", [{ ...LINT, sentence: "aggregator-1 was started again 5 times" }]);
    await within(needs).findByText("was started again 5 times");
  });

  it("has nothing of runs where no product brings them", async () => {
    const studio = overview(ALONE);
    await screen.findByText("Nothing needs you.", undefined, FOUND);
    expect(screen.queryByRole("region", { name: "Running" })).toBeNull();
    expect(screen.queryByRole("region", { name: "Workflows" })).toBeNull();
    expect(
      within(screen.getByRole("navigation"))
        .getAllByRole("link")
        .map((link) => link.textContent),
    ).toEqual(["Loom", "Overview", "Actors", "Map", "Metrics", "Warnings"]);
    expect(studio.asked).not.toContain("/api/v1/runs");
  });

  it("has the pages of products in their places", async () => {
    overview();
    await screen.findByRole("link", { name: "Logs" }, FOUND);
    const entries = within(screen.getByRole("navigation", { name: "Pages" })).getAllByRole("link");
    expect(entries.map((link) => link.textContent)).toEqual([
      "Loom",
      "Overview",
      "Runs",
      "Workflows",
      "Actors",
      "Map",
      "Metrics",
      "Warnings",
      "Logs",
    ]);
  });

  it("tells of a failed run which step failed, and its last error line", async () => {
    const summary = { runId: "r-1", workflow: { name: "shop", file: "shop.yml" }, state: "failure" };
    const step = { index: 0, id: "0", name: "run tests", state: "failure", conclusion: "failure", exitCode: 101 };
    const line = { line: 2, stream: "stdout", step: "0", message: `##[error]${HOSTILE}` };
    overview({
      "/api/v1/runs": { items: [summary], next: null, total: 1 },
      "/api/runs/r-1": { ...summary, jobs: [{ id: "bad", name: "bad", state: "failure", steps: [step] }] },
      "/api/runs/r-1/jobs/bad/logs": { lines: [line], from: 1, next: 3, total: 2, complete: true },
    });
    await screen.findByText(HOSTILE, undefined, FOUND);
    const needs = screen.getByRole("region", { name: "Needs you" });
    expect(needs.textContent).toContain("failed in bad › run tests");
    expect(within(needs).getByRole("link").getAttribute("href")).toBe("/runs/r-1?job=bad");
  });

  it("says how long a run usually takes while it runs", async () => {
    const done = {
      runId: "r-1",
      workflow: { name: "shop", file: "shop.yml" },
      state: "success",
      startedAt: "2025-12-13T03:00:00.000Z",
      finishedAt: "2025-12-13T03:05:00.000Z",
    };
    const going = { ...done, runId: "r-2", state: "running", finishedAt: undefined };
    overview({ "/api/v1/runs": { items: [going, done], next: null, total: 2 } });
    const panel = await screen.findByRole("region", { name: "Running" }, FOUND);
    await within(panel).findByText("of about 5m 00s");
  });

  it("says how to begin where nothing is there, and what to start where nothing has run", async () => {
    const first = overview();
    const begin = within(await screen.findByRole("region", { name: "Begin here" }, FOUND));
    begin.getByText("loom-runtime run .loom.yml");
    begin.getByRole("link", { name: "Begin with it in the editor" });
    expect(screen.queryByRole("region", { name: "Running" })).toBeNull();
    first.unmount();
    overview({ "/api/workflows": [{ name: "ci", file: "ci/my build.yml", state: "idle" }] });
    await screen.findByText("loom-runtime run 'ci/my build.yml'", undefined, FOUND);
    screen.getByRole("region", { name: "Workflows" });
  });

  it("asks for the busiest of the application, and not for plumbing", async () => {
    const studio = overview();
    await screen.findByText("Nothing needs you.", undefined, FOUND);
    await waitFor(() => expect(studio.queries.join()).toContain("filter=-is%3Asystem"));
  });

  it("names the busiest, and how to bring the first actor where there is none", async () => {
    const node = { id: "a-1", type: "A", count: 1, rate: 12.5, queue: 3 };
    // The charts are of the time that is chosen beside them: what was before is not the most of it.
    const early = (values: (number | null)[]) => [1000, ...Array(57).fill(null), ...values];
    const series = Object.entries({ rate: HISTORY.rate, waitP95: HISTORY.waitMs }).map(([metric, values]) => ({
      ...{ by: "all", name: "all", metric, unit: "ms" },
      ...{ values: early(values), max: early(values) },
    }));
    const first = overview({
      "/api/map": { ...NO_MAP, nodes: [node] },
      "/api/history": { from: 0, to: 61_000, step: 1000, series, more: 0, leftOut: 0, since: 0 },
    });
    await screen.findByText("12.5/s", undefined, FOUND);
    expect(screen.getByRole("img", { name: "Messages: now 42/s, at most 42/s" })).toBeTruthy();
    expect(screen.getByRole("img", { name: "Waiting p95: now not known, at most 0.5 ms" })).toBeTruthy();
    first.unmount();
    const metrics = { actorPools: { totalActors: 0 }, messageQueues: {}, timestamp: "2025-12-13T03:33:58.077Z" };
    overview({ "/api/metrics": metrics });
    await screen.findByText("No actor has reported yet.", undefined, FOUND);
  });
});

const CONTROLS = {
  orders: ["snapshot", "message", "pause", "kill"],
  messages: [{ type: "Add", schema: { type: "object", properties: { by: { type: "integer" } }, required: ["by"] } }],
};
const ACTOR = { id: "a/1", type: "Counter", status: "active", queueDepth: 3, controls: CONTROLS };
const AT = "/api/actors/a%2F1";

function line(seq: number, message: string, more: Partial<JournalLine> = {}): JournalLine {
  return { seq, time: "2025-12-13T03:33:58.000Z", kind: "note", message, ...more };
}

function actor(answers: Record<string, unknown> = {}, tab = "") {
  return openStudio(`/actors/a%2F1${tab}`, {
    [AT]: ACTOR,
    [`${AT}/history`]: HISTORY,
    [`${AT}/messages`]: { messages: [], hears: [], talks: [] },
    "/api/journal/a%2F1": [],
    ...answers,
  });
}

describe("an actor", () => {
  it("loads, fails in words, and is told to be gone with what happened to it", async () => {
    const first = actor({ [AT]: PENDING });
    await screen.findByText("Loading the actor …", undefined, FOUND);
    first.unmount();
    const second = actor({ [AT]: new Problem(503, "the directory is starting") });
    await screen.findByText("the directory is starting", undefined, FOUND);
    second.unmount();
    actor({ [AT]: new Problem(404, "no such actor"), "/api/journal/a%2F1": [line(1, "it panicked")] });
    await screen.findByText("The studio does not know this actor.", undefined, FOUND);
    await screen.findByText("it panicked");
  });

  it("is told to be unknown once, and not by its journal too", async () => {
    const nobody = new Problem(404, "no such actor");
    const studio = actor({ [AT]: nobody, "/api/journal/a%2F1": nobody });
    await screen.findByText("The studio does not know this actor.", undefined, FOUND);
    await waitFor(() => expect(screen.queryByRole("region", { name: "Journal" })).toBeNull());
    expect(studio.asked).toContain("/api/journal/a%2F1");
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("tells the studio that it is looked at, as long as it is", async () => {
    const studio = actor();
    await studio.hello();
    await screen.findByRole("heading", { level: 1, name: "a/1" }, FOUND);
    await waitFor(() => expect(studio.told).toEqual([{ type: "watch", actors: ["a/1"], map: false }]));
    await studio.router.navigate({ to: "/workflows" });
    await waitFor(() => expect(studio.told.at(-1)).toEqual({ type: "watch", actors: [], map: false }));
  });

  it("shows its journal, the newest first, live, foreign text as text", async () => {
    const studio = actor({ "/api/journal/a%2F1": [line(4, "older"), line(5, HOSTILE)] });
    await studio.hello();
    await screen.findByText(HOSTILE, undefined, FOUND);
    await studio.say("journal", { actor: "a/1", line: line(6, "the newest") });
    await studio.say("journal", { actor: "other", line: line(9, "not here") });
    await screen.findByText("the newest");
    const rows = within(screen.getByRole("region", { name: "Lines of the journal" })).getAllByRole("listitem");
    expect(rows.map((row) => row.textContent)).toEqual([
      expect.stringContaining("the newest"),
      expect.stringContaining(HOSTILE),
      expect.stringContaining("older"),
    ]);
    screen.getByText("3 earlier lines are no longer kept.");
  });

  it("says of its journal where lines were dropped, shows levels, and leaves out kinds that are not wanted", async () => {
    const lines = [
      line(2, "began", { kind: "started" }),
      line(15, "the till rests", { kind: "log", data: { level: "WARN" } }),
    ];
    const studio = actor({ "/api/journal/a%2F1": lines });
    await screen.findByText("12 lines were dropped here: more came at once than is kept.", undefined, FOUND);
    const filter = within(screen.getByRole("group", { name: "Filter by kind" }));
    fireEvent.click(filter.getByRole("button", { name: /^log · warn/ }));
    await waitFor(() => expect(screen.queryByText("began")).toBeNull());
    expect(screen.getByText("the till rests")).toBeTruthy();
    expect(studio.router.state.location.search).toEqual({ lines: "log:warn" });
    fireEvent.click(filter.getByRole("button", { name: /^log · warn/ }));
    await screen.findByText("began");
  });

  it("says what the processes had no room to tell, where it is missing", async () => {
    const counts = { actorPools: { totalActors: 1 }, messageQueues: {}, timestamp: "2025-12-13T03:33:58.077Z" };
    const dropped = { events: 34, edges: 1, messages: 0 };
    actor({ "/api/metrics": { ...counts, dropped }, "/api/journal/a%2F1": [line(1, "began")] });
    await screen.findByText(/^34 lines of journals never came: /, undefined, FOUND);
    await screen.findByText(/^1 message is in no line between actors: /);
    expect(screen.queryByText(/counted by no type/)).toBeNull();
  });

  it("shows numbers that no number of this language holds exactly, wherever they come from", async () => {
    const studio = actor({
      [AT]: new Raw(
        '{"id":"a/1","type":"T","status":"idle","messageCount":9007199254740993,"metadata":{"order":18446744073709551615}}',
      ),
      "/api/journal/a%2F1": new Raw(
        '[{"seq":1,"time":"2025-12-13T03:33:58Z","kind":"note","message":"sold","data":{"sum":-9007199254740995}}]',
      ),
      "/api/metrics": new Raw(
        '{"timestamp":"2025-12-13T03:33:58.077Z","actorPools":{"totalActors":1,"activeActors":1,"idleActors":0,"byType":{},"byStatus":{},"systemActors":0},"messageQueues":{"totalMessages":0,"pendingMessages":9007199254740997}}',
      ),
    });
    await screen.findByText("9,007,199,254,740,993", undefined, FOUND);
    await screen.findByText("18446744073709551615");
    await screen.findByText("9,007,199,254,740,997", undefined, FOUND);
    fireEvent.click(await screen.findByText("sold"));
    await screen.findByText("-9007199254740995");
    expect(studio.asked).toContain(AT);
  });

  it("opens a line of the journal to all that is known, and to its chain", async () => {
    const studio = actor({
      "/api/journal/a%2F1": [line(1, "left\nright", { correlationId: "c-1", data: { carts: 12 } })],
      "/api/journal": [
        { actor: "b", ...line(7, "asked for it") },
        { actor: "a/1", ...line(1, "left") },
      ],
    });
    fireEvent.click(await screen.findByText("left …", undefined, FOUND));
    const detail = await screen.findByRole("region", { name: "The line" });
    expect(within(detail).getByText("12")).toBeTruthy();
    await within(detail).findByText("asked for it");
    expect(within(detail).getByRole("link", { name: "b" }).getAttribute("href")).toBe("/actors/b");
    expect(studio.queries).toContain("correlation=c-1&limit=100");
  });

  it("sends a message as its form has it, and shows the answer", async () => {
    const studio = actor({ [`POST ${AT}/message`]: { id: "o", outcome: "done", value: { total: 7 } } });
    fireEvent.click(await screen.findByRole("button", { name: "Message" }, FOUND));
    const form = screen.getByRole("form", { name: "Message" });
    fireEvent.click(within(form).getByRole("button", { name: "Send" }));
    within(form).getByText("by is needed.");
    fireEvent.change(within(form).getByLabelText(/^by/), { target: { value: "2" } });
    fireEvent.click(within(form).getByRole("button", { name: "Send" }));
    await screen.findByText(/"total": 7/);
    expect(studio.sent[studio.asked.indexOf(`POST ${AT}/message`)]).toBe('{"message":"Add","body":{"by":2}}');
  });

  it("asks once before what nothing brings back, and says why an order was refused", async () => {
    const studio = actor({ [`POST ${AT}/kill`]: new Problem(409, "it does not take this order") });
    fireEvent.click(await screen.findByRole("button", { name: "Stop now" }, FOUND));
    const question = screen.getByRole("group", { name: "Stop now?" });
    within(question).getByText(/What waits is lost \(3 messages\)/);
    expect(document.activeElement).toBe(within(question).getByRole("button", { name: "Leave it" }));
    fireEvent.click(within(question).getByRole("button", { name: "Leave it" }));
    expect(studio.asked).not.toContain(`POST ${AT}/kill`);
    fireEvent.click(screen.getByRole("button", { name: "Stop now" }));
    const again = screen.getByRole("group", { name: "Stop now?" });
    fireEvent.click(within(again).getByRole("button", { name: "Stop now" }));
    await screen.findByText(/was refused: it does not take this order/);
    expect(studio.asked.filter((path) => path === `POST ${AT}/kill`)).toHaveLength(1);
  });

  it("pauses at once, and says that no answer has come when none has", async () => {
    const studio = actor({ [`POST ${AT}/pause`]: { id: "o", outcome: "pending" } });
    fireEvent.click(await screen.findByRole("button", { name: "Pause" }, FOUND));
    await screen.findByText(/no answer has come yet/);
    expect(studio.asked).toContain(`POST ${AT}/pause`);
  });

  it("offers no lever to who may only look, nor of an actor that takes none", async () => {
    const session = { required: true, signedIn: true, role: "view" };
    const first = actor({ "/api/session": session });
    expect(await screen.findByRole("button", { name: "Pause" }, FOUND)).toHaveProperty("disabled", true);
    screen.getByText("Your role may look, and order nothing.");
    first.unmount();
    actor({ [AT]: { ...ACTOR, controls: undefined } });
    await screen.findByRole("heading", { level: 1, name: "a/1" }, FOUND);
    expect(screen.queryByRole("region", { name: "Levers" })).toBeNull();
  });

  it("offers other settings to none but admins", async () => {
    const session = { required: true, signedIn: true, role: "operate" };
    const controls = { orders: ["pause", "config"], messages: [] };
    actor({ "/api/session": session, [AT]: { ...ACTOR, controls } });
    expect(await screen.findByRole("button", { name: "Pause" }, FOUND)).toHaveProperty("disabled", false);
    await waitFor(() => expect(screen.getByRole("button", { name: "Settings" })).toHaveProperty("disabled", true));
    screen.getByText("Other settings are given by the role admin.");
  });

  it("shows its state, and what changed since it was shown before", async () => {
    const studio = actor({ [`POST ${AT}/snapshot`]: { id: "o", outcome: "done", value: { total: 40 } } }, "?tab=state");
    fireEvent.click(await screen.findByRole("button", { name: "Show the state" }, FOUND));
    await screen.findByText("40");
    studio.answers[`POST ${AT}/snapshot`] = { id: "o", outcome: "done", value: { total: 42 } };
    fireEvent.click(screen.getByRole("button", { name: "Show it again" }));
    await screen.findByText("42");
    expect(document.querySelector('[data-path="total"]')?.getAttribute("data-change")).toBe("changed");
    expect(document.querySelector('[data-path="total"] del')?.textContent).toBe("40");
  });

  it("goes from view to view by arrow keys, and the address says which", async () => {
    const studio = actor();
    const journal = await screen.findByRole("tab", { name: "Journal" }, FOUND);
    fireEvent.keyDown(journal, { key: "ArrowRight" });
    await waitFor(() => expect(studio.router.state.location.search).toEqual({ tab: "messages" }));
    expect(document.activeElement?.textContent).toBe("Messages");
    await screen.findByText("No message has been handled.");
  });

  it("leads to the run and the job that it carries out", async () => {
    actor({ [AT]: { ...ACTOR, metadata: { run: "r-1", job: "build" } } });
    const link = await screen.findByRole("link", { name: "build" }, FOUND);
    expect(link.getAttribute("href")).toBe("/runs/r-1?job=build");
  });
});

const MAP: ActorMap = {
  group: "type",
  nodes: [
    { id: "Cart", type: "Cart", count: 834, rate: 18, queue: 3, waitMs: 12, status: { active: 833, failed: 1 } },
    { id: "Payment", type: "Payment", count: 1, rate: 18, errors: 0 },
  ],
  edges: [
    { from: "Cart", to: "Payment", rate: 18, count: 100, messages: [{ type: "Pay", rate: 18 }] },
    { to: "Cart", rate: 2, count: 10 },
  ],
};

describe("the map", () => {
  it("loads, is empty, and fails in words", async () => {
    const first = openStudio("/map", { "/api/map": PENDING });
    await screen.findByText("Loading the map …", undefined, FOUND);
    first.unmount();
    const second = openStudio("/map", { "/api/map": { group: "type", nodes: [], edges: [] } });
    await screen.findByText("No actor has reported yet.", undefined, FOUND);
    second.unmount();
    openStudio("/map", { "/api/map": new Problem(500, "no memory") });
    await screen.findByText("no memory", undefined, FOUND);
  });

  it("says the same in tables, for who cannot see it", async () => {
    openStudio("/map?view=table", { "/api/map": MAP });
    const nodes = await screen.findByRole("table", { name: "Who there is" }, FOUND);
    expect(within(nodes).getAllByRole("row")[1]?.textContent).toContain("Cart834active833failed118/s12 ms");
    const edges = screen.getByRole("table", { name: "Who sends to whom" });
    expect(
      within(edges)
        .getAllByRole("row")
        .slice(1)
        .map((row) => row.textContent),
    ).toEqual(["CartPaymentPay18/s", "outside of all actorsCart2/s"]);
    expect(within(edges).getAllByRole("link", { name: "Cart" })[0]?.getAttribute("href")).toBe(
      "/actors?filter=type%3ACart",
    );
  });

  it("asks without plumbing, over the window of the address, and says when it groups", async () => {
    const studio = openStudio("/map?group=actor&window=300&view=table", { "/api/map": { ...MAP, grouped: true } });
    await screen.findByText(/Too many actors to tell apart/, undefined, FOUND);
    const asked = studio.queries[studio.asked.indexOf("/api/map")];
    expect(new URLSearchParams(asked).toString()).toBe("window=300&group=actor&filter=-is%3Asystem");
  });

  it("stands still while it is paused", async () => {
    const studio = openStudio("/map?view=table", { "/api/map": MAP });
    await screen.findByRole("table", { name: "Who there is" }, FOUND);
    fireEvent.click(screen.getByRole("button", { name: "Pause" }));
    const before = studio.asked.filter((path) => path === "/api/map").length;
    await studio.hello();
    await studio.say("metrics", studio.answers["/api/metrics"]);
    expect(studio.asked.filter((path) => path === "/api/map")).toHaveLength(before);
    fireEvent.click(screen.getByRole("button", { name: "Go on" }));
    await waitFor(() => expect(studio.asked.filter((path) => path === "/api/map").length).toBeGreaterThan(before));
  });
});

describe("actors by type", () => {
  const row = { type: "Cart", live: 834, queued: 3, handled: 9, errors: 0, rate: 18 };

  it("loads, is empty, and fails in words", async () => {
    const first = openStudio("/types", { "/api/types": PENDING });
    await screen.findByText("Loading types …", undefined, FOUND);
    first.unmount();
    const second = openStudio("/types");
    await screen.findByText("No actor has reported yet.", undefined, FOUND);
    second.unmount();
    openStudio("/types", { "/api/types": new Problem(500, "no memory") });
    await screen.findByText("no memory", undefined, FOUND);
  });

  it("opens a type to its messages", async () => {
    const waitMs = { p50: 0.4, p95: 1.6, p99: 12 };
    openStudio("/types", { "/api/types": [{ ...row, messages: [{ type: "Pay", handled: 9, rate: 18, waitMs }] }] });
    fireEvent.click(await screen.findByRole("button", { name: "Messages of Cart" }, FOUND));
    screen.getByText("Pay");
    const cells = screen.getByText("Pay").closest("tr")?.querySelectorAll("td");
    expect([...(cells ?? [])].at(-2)?.textContent).toBe("0.4 ms · 1.6 ms · 12 ms");
    // What was not measured is one dash, and not three.
    expect([...(cells ?? [])].at(-1)?.textContent).toBe("–");
  });
});
