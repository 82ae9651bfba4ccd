import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { HistoryMetric, MetricHistory } from "../api/history";
import { type Answers, openStudio, Problem } from "../test-studio";
// Its code is there before the first test, which then takes no longer than the others.
import "../features/trends/trends-page";

const FOUND = { timeout: 8000 };
const FROM = Date.parse("2025-12-13T03:23:00Z");
const UNITS: Partial<Record<HistoryMetric, MetricHistory["series"][number]["unit"]>> = {
  rate: "perSecond",
  errors: "perSecond",
  cpu: "cores",
  memory: "bytes",
  load: "share",
};

/** Ten steps of these names, as one question asks for them: one more with each step, and one gap. */
function answer(wanted: URLSearchParams, names: string[], more = 0): MetricHistory {
  const metrics = (wanted.get("metric") ?? "").split(",") as HistoryMetric[];
  const by = (wanted.get("by") ?? "all") as MetricHistory["series"][number]["by"];
  const values = Array.from({ length: 10 }, (_, step) => (step === 4 ? null : step + 1));
  const series = names.flatMap((name) =>
    metrics.map((metric) => ({ by, name, metric, unit: UNITS[metric] ?? ("ms" as const), values, max: values })),
  );
  return { from: FROM, to: FROM + 600_000, step: 60_000, series, more, leftOut: 0, since: FROM - 1 };
}

const NAMES: Record<string, string[]> = {
  all: ["all"],
  type: ["Order", "billing::Invoice"],
  actor: ["order-1"],
  process: ["shop@web-1:7"],
};

/** The page with a studio that remembers; `says` may answer otherwise. */
function trends(search = "", says?: (wanted: URLSearchParams) => unknown, answers: Answers = {}) {
  return remembering(`/trends${search}`, says, answers);
}

function remembering(path: string, says?: (wanted: URLSearchParams) => unknown, answers: Answers = {}) {
  const asked: URLSearchParams[] = [];
  const studio = openStudio(path, answers);
  const before = globalThis.fetch;
  vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
    if (!url.startsWith("/api/history?")) return before(url, init);
    if (init?.signal?.aborted) throw init.signal.reason;
    const wanted = new URLSearchParams(url.split("?")[1]);
    asked.push(wanted);
    const said = says?.(wanted) ?? answer(wanted, NAMES[wanted.get("by") ?? ""] ?? []);
    if (!(said instanceof Problem)) return new Response(JSON.stringify(said));
    return new Response(JSON.stringify({ detail: said.detail }), { status: said.status });
  });
  const address = () => studio.router.state.location.search;
  const of = (by: string) => asked.filter((wanted) => wanted.get("by") === by);
  return { ...studio, address, of };
}

const panel = (name: string) => screen.findByRole("region", { name }, FOUND);
const says = async (name: string, text: string | RegExp) => {
  const region = await panel(name);
  await waitFor(() => expect(region.textContent).toMatch(text), FOUND);
};
const picture = (name: string) => screen.findByRole("application", { name: `${name} over time` }, FOUND);

beforeEach(() => window.localStorage.clear());
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("the page of metrics", () => {
  it("shows all actors and their processes over the last ten minutes", async () => {
    const studio = trends("?panels=rate,wait,cpu");
    await says("Messages", "10/s");
    await says("Waiting", /p5010 ms.*p9510 ms.*p9910 ms/);
    await says("Processor", "10 cores");
    screen.getByText("shop@web-1:7");
    expect(document.title).toBe("Metrics · Loom");
    const [wanted] = studio.of("all");
    expect(wanted?.get("metric")).toBe("rate,waitP50,waitP95,waitP99");
    expect(Number(wanted?.get("to")) - Number(wanted?.get("from"))).toBe(600_000);
    expect(studio.of("process")[0]?.get("metric")).toBe("cpu");
  });

  it("has in its address what lines are of, and how they are shown", async () => {
    const studio = trends("?panels=rate");
    fireEvent.click(await screen.findByText("A day", undefined, FOUND));
    fireEvent.click(screen.getByText("Type"));
    fireEvent.click(await screen.findByText("p99"));
    fireEvent.click(screen.getByText("Tables"));
    const all = { panels: ["rate"], range: "1d", by: "type", q: "p99", view: "table" };
    await waitFor(() => expect(studio.address()).toEqual(all));
  });

  it("has in its address which pictures are shown", async () => {
    const studio = trends("?panels=rate,errors,load");
    const choice = within(await screen.findByRole("group", { name: "Pictures" }, FOUND));
    fireEvent.click(choice.getByText("Errors"));
    await waitFor(() => expect(studio.address()).toEqual({ panels: ["rate", "load"] }));
    expect(choice.getByText("Errors").getAttribute("aria-pressed")).toBe("false");
    expect(screen.queryByRole("region", { name: "Errors" })).toBeNull();
    fireEvent.click(choice.getByText("Memory"));
    await waitFor(() => expect(studio.address()).toEqual({ panels: ["rate", "memory", "load"] }));
  });

  it("asks for those that a filter finds, and for all processes", async () => {
    const studio = trends("?by=type&panels=rate,cpu");
    const field = await screen.findByPlaceholderText(/^type:Order/, undefined, FOUND);
    fireEvent.change(field, { target: { value: "type:Order wait:>5ms" } });
    await waitFor(() => expect(studio.of("type").at(-1)?.get("filter")).toBe("type:Order wait:>5ms"));
    expect(studio.of("process").at(-1)?.has("filter")).toBe(false);
  });

  it("says what is wrong with a filter, and shows what the last good one finds", async () => {
    const studio = trends("?panels=rate&filter=type%3AOrder");
    await panel("Messages");
    fireEvent.change(screen.getByPlaceholderText(/^type:Order/), { target: { value: "type:Order wait:" } });
    await screen.findByText(/\(at character \d+\)/);
    expect(studio.of("all").every((wanted) => wanted.get("filter") === "type:Order")).toBe(true);
  });

  it("goes through a picture by keys, says what stands there, and into a stretch and back", async () => {
    const studio = trends("?panels=rate");
    await says("Messages", "10/s");
    const messages = await picture("Messages");
    const said = () => messages.querySelector("[aria-live]")?.textContent;
    messages.focus();
    fireEvent.keyDown(messages, { key: "End" });
    expect(said()).toMatch(/^\d\d:\d\d–\d\d:\d\d: Messages 10\/s$/);
    for (let step = 0; step < 5; step += 1) fireEvent.keyDown(messages, { key: "ArrowLeft" });
    expect(said()).toContain("Messages not measured");
    fireEvent.keyDown(messages, { key: "ArrowRight", shiftKey: true });
    fireEvent.keyDown(messages, { key: "ArrowRight", shiftKey: true });
    expect(said()).toMatch(/^From \d\d:\d\d:00 to \d\d:\d\d:00, Enter shows it$/);
    fireEvent.keyDown(messages, { key: "Enter" });
    await waitFor(() =>
      expect(studio.address()).toEqual({
        panels: ["rate"],
        from: "2025-12-13T03:27:00Z",
        to: "2025-12-13T03:30:00Z",
      }),
    );
    fireEvent.keyDown(messages, { key: "Backspace" });
    await waitFor(() => expect(studio.address()).toEqual({ panels: ["rate"] }));
    fireEvent.keyDown(messages, { key: "Escape" });
    expect(said()).toBe("");
  });

  it("shows one moment in all pictures", async () => {
    trends("?panels=rate,errors");
    const [rate, errors] = [await panel("Messages"), await panel("Errors")];
    fireEvent.keyDown(await picture("Messages"), { key: "Home" });
    for (const region of [rate, errors]) await waitFor(() => expect(region.textContent).toContain("1/s"));
    expect(within(errors).getByRole("application").querySelector("[aria-live]")?.textContent).toBe("");
  });

  it("takes a range by its two ends", async () => {
    const studio = trends("?panels=rate");
    fireEvent.click(await screen.findByText("From … to …", undefined, FOUND));
    const form = screen.getByRole("form", { name: "From one moment to another" });
    const [from, to] = [within(form).getByLabelText("From"), within(form).getByLabelText("To")];
    expect(document.activeElement).toBe(from);
    fireEvent.change(from, { target: { value: "2025-12-13T04:00:00" } });
    fireEvent.change(to, { target: { value: "2025-12-13T03:00:00" } });
    fireEvent.click(within(form).getByRole("button", { name: "Show" }));
    expect(screen.getByRole("alert").textContent).toContain("three seconds");
    fireEvent.change(to, { target: { value: "2025-12-13T05:00:00" } });
    fireEvent.click(within(form).getByRole("button", { name: "Show" }));
    const moment = (text: string) => new Date(text).toISOString().replace(".000Z", "Z");
    await waitFor(() =>
      expect(studio.address()).toMatchObject({
        from: moment("2025-12-13T04:00:00"),
        to: moment("2025-12-13T05:00:00"),
      }),
    );
    expect(screen.queryByRole("form", { name: "From one moment to another" })).toBeNull();
  });
});

describe("lines by name", () => {
  it("are hidden in all pictures, and lead to the pages of what they are of", async () => {
    const studio = trends("?by=type&panels=rate,wait");
    const legend = await screen.findByRole("list", { name: "Lines" }, FOUND);
    fireEvent.click(await within(legend).findByRole("button", { name: "Order" }));
    await waitFor(() => expect(studio.address()).toMatchObject({ by: "type", hide: ["Order"] }));
    await within(legend).findByRole("button", { name: "Order", pressed: false });
    const link = within(legend).getByRole("link", { name: "Open billing::Invoice" });
    expect(new URL((link as HTMLAnchorElement).href).searchParams.get("filter")).toBe('type:"billing::Invoice"');
    expect(studio.of("type")[0]?.get("metric")).toBe("rate,waitP95");
  });

  it("of actors lead to them, and it is said how many more there are", async () => {
    trends("?by=actor&panels=rate", (wanted) =>
      wanted.get("by") === "actor" ? answer(wanted, ["order-1"], 1234) : undefined,
    );
    const link = await screen.findByRole("link", { name: "Open order-1" }, FOUND);
    expect((link as HTMLAnchorElement).pathname).toBe("/actors/order-1");
    screen.getByText(/1,234 more, which a filter finds/);
  });

  it("are in the table, the newest first, with gaps as such", async () => {
    trends("?by=type&view=table&panels=rate");
    const numbers = await screen.findByRole("region", { name: "Numbers of Messages" }, FOUND);
    const rows = within(numbers).getAllByRole("row");
    expect(rows.map((row) => row.lastElementChild?.textContent)).toEqual([
      "billing::Invoice",
      ...[10, 9, 8, 7, 6].map((value) => `${value}/s`),
      "–",
      ...[4, 3, 2, 1].map((value) => `${value}/s`),
    ]);
  });
});

describe("where there is nothing to draw", () => {
  const nothing = (since: number | null) => (wanted: URLSearchParams) => ({ ...answer(wanted, []), since });

  it("a studio without actors says how to bring one, and one without history when it begins", async () => {
    const none = { totalActors: 0, activeActors: 0, idleActors: 0, byType: {}, byStatus: {}, systemActors: 0 };
    const studio = trends("", nothing(null));
    await screen.findByText("There is no history yet.", undefined, FOUND);
    await studio.hello();
    const messageQueues = { totalMessages: 0, pendingMessages: 0 };
    await studio.say("metrics", { timestamp: new Date().toISOString(), actorPools: none, messageQueues });
    await screen.findByText("No actor has reported yet.");
  });

  it("a filter that finds nobody can be cleared", async () => {
    const studio = trends("?by=type&filter=type%3ANobody", nothing(1));
    await screen.findByText("No type matches.", undefined, FOUND);
    screen.getByText("No process told in this time what it uses of its machine.");
    fireEvent.click(screen.getByRole("button", { name: "Show all" }));
    await waitFor(() => expect(studio.address()).toEqual({ by: "type" }));
    await screen.findByText("Nothing was measured in this time.");
  });

  it("a studio that keeps none says so, and one that fails can be asked again", async () => {
    trends("", () => new Problem(404, "no such thing"));
    await screen.findByText("This studio keeps no history.", undefined, FOUND);
  });

  it("a question that fails leaves what is known, says so, and is put again", async () => {
    let fails = false;
    const studio = trends("?panels=rate", () => (fails ? new Problem(503, "The store is full.") : undefined));
    await panel("Messages");
    await screen.findByText(/a value each/);
    fails = true;
    await screen.findByText("Stands still. The store is full. It is asked again.", undefined, FOUND);
    await says("Messages", "10/s");
    const before = studio.of("all").length;
    fails = false;
    await waitFor(() => expect(studio.of("all").length).toBeGreaterThan(before), FOUND);
    await waitFor(() => expect(screen.queryByText(/Stands still/)).toBeNull());
  });
});

it("says that a question is not answered, and that what is kept is in trouble", async () => {
  const history = { status: "degraded", message: "12 series, in memory only: the disk is full" };
  const health = { status: "degraded", version: "1", uptime: 1, parts: { history } };
  trends("?panels=rate", undefined, { "/api/health": health });
  await screen.findByText(/12 series, in memory only: the disk is full/, undefined, FOUND);
  await screen.findByText(/a value each/, undefined, FOUND);
  vi.spyOn(AbortSignal, "timeout").mockReturnValue(AbortSignal.abort());
  await screen.findByText(/Stands still. The studio did not answer within 8 seconds/, undefined, FOUND);
});

describe("the last hour", () => {
  const hour = (name: string) => (wanted: URLSearchParams) =>
    wanted.get("metric") === "rate,waitP95" ? answer(wanted, [name, "another"]) : undefined;

  it("is on the page of an actor, of nobody else", async () => {
    const actor = { id: "a/1", type: "Counter", status: "active" };
    const lately = { step: 1000, from: new Date(FROM).toISOString(), rate: [], errors: [], queue: [], waitMs: [] };
    const studio = remembering("/actors/a%2F1", hour("a/1"), {
      "/api/actors/a%2F1": actor,
      "/api/actors/a%2F1/history": { ...lately, handleMs: [] },
      "/api/actors/a%2F1/messages": { messages: [], hears: [], talks: [] },
      "/api/journal/a%2F1": [],
    });
    await waitFor(() => expect(document.querySelector("[data-trend=rate]")?.textContent).toContain("10/s"), FOUND);
    expect(document.querySelector("[data-trend=wait]")?.textContent).toContain("p9510 ms");
    const [wanted] = studio.of("actor");
    expect(wanted?.get("filter")).toBe("id:a/1");
    expect(Number(wanted?.get("to")) - Number(wanted?.get("from"))).toBe(3_600_000);
    const link = screen.getAllByRole("link", { name: "Metrics" }).at(-1) as HTMLAnchorElement;
    expect(new URL(link.href).searchParams.get("by")).toBe("actor");
  });

  it("is in the row of a type once it is opened", async () => {
    const row = { type: "Counter", live: 1, rate: 1, errorRate: 0, queued: 0, messages: [] };
    const studio = remembering("/types", hour("Counter"), { "/api/types": [row], "POST /api/rates": { types: {} } });
    fireEvent.click(await screen.findByRole("button", { name: "Messages of Counter" }, FOUND));
    await waitFor(() => expect(document.querySelector("[data-trend=rate]")?.textContent).toContain("10/s"), FOUND);
    expect(studio.of("type")[0]?.get("filter")).toBe("type:Counter");
  });
});

describe("views with a name", () => {
  it("are kept, opened, named anew and given up", async () => {
    const studio = trends("?range=2h&by=type&panels=rate");
    fireEvent.click(await screen.findByText("Views", undefined, FOUND));
    const dialog = () => within(screen.getByRole("dialog", { name: "Views" }));
    dialog().getByText(/No view has a name yet/);
    fireEvent.change(dialog().getByLabelText("Keep what is shown as"), { target: { value: "types" } });
    fireEvent.click(dialog().getByRole("button", { name: "Keep" }));
    fireEvent.click(await dialog().findByRole("button", { name: "Rename types" }));
    fireEvent.change(dialog().getByLabelText("New name of types"), { target: { value: "all types" } });
    fireEvent.click(dialog().getByRole("button", { name: "Rename" }));
    fireEvent.click(dialog().getByRole("button", { name: "Close" }));
    fireEvent.click(screen.getByText("10 min"));
    await waitFor(() => expect(studio.address()).toEqual({ by: "type", panels: ["rate"] }));
    fireEvent.click(screen.getByText("Views (1)"));
    fireEvent.click(dialog().getByRole("button", { name: "all types" }));
    await waitFor(() => expect(studio.address()).toEqual({ range: "2h", by: "type", panels: ["rate"] }));
    expect(screen.queryByRole("dialog")).toBeNull();
    fireEvent.click(screen.getByText("Views (1)"));
    fireEvent.click(dialog().getByRole("button", { name: "Delete all types" }));
    await dialog().findByText(/No view has a name yet/);
    expect(JSON.parse(window.localStorage.getItem("loom-metric-views") ?? "")).toEqual([]);
  });
});
