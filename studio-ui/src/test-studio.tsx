/** The whole page in a test: real router, caches and live side, with the studio's answers given by hand. */

import { QueryClient } from "@tanstack/react-query";
import { createMemoryHistory } from "@tanstack/react-router";
import { act, render, waitFor } from "@testing-library/react";
import { expect, onTestFinished, vi } from "vitest";
import type { ActorRecord } from "./api/types";
import { PARAMETER, readWorkspace, setWorkspace } from "./api/workspace";
import { App } from "./app/app";
import { createLive } from "./app/live-wiring";
import { createAppRouter } from "./app/router";
import { followTime } from "./app/time-travel";

export type Answers = Record<string, unknown>;

/** An answer that is an error, as the studio words it. */
export class Problem {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly headers: Record<string, string> = {},
  ) {}
}

/** An answer as it comes over the wire. */
export class Raw {
  constructor(readonly json: string) {}
}

/** An answer that never comes. */
export const PENDING = Symbol("pending");

const NO_HISTORY = { from: 0, to: 600_000, step: 1000, series: [], more: 0, leftOut: 0, since: null };

const DEFAULTS: Answers = {
  "/api/session": { required: false, signedIn: false },
  "/api/ui": { sections: ["workflows", "runs", "logs"].map((id) => ({ id, title: id, path: `/${id}` })) },
  "/api/metrics": {
    timestamp: "2025-12-13T03:33:58.077Z",
    actorPools: { totalActors: 3, activeActors: 1, idleActors: 2, byType: {}, byStatus: {}, systemActors: 0 },
    messageQueues: { totalMessages: 1234, pendingMessages: 5 },
  },
  "/api/status": { status: "ok", runs: { queued: 0, running: 2 } },
  "/api/workflows": [],
  "/api/types": [],
  "/api/lints": [],
  "/api/history": NO_HISTORY,
  "/api/warnings": { firing: [], pending: [], resolved: [], leftOut: 0, version: 0 },
  "/api/v1/runs": { items: [], next: null, total: 0 },
};

/** Answers by path without its query; others than reads by `POST path` and the like. */
export function openStudio(path: string, answers: Answers = {}) {
  const all: Answers = { ...DEFAULTS, ...answers };
  const asked: string[] = [];
  const queries: string[] = [];
  const sent: unknown[] = [];
  const headers: Record<string, string>[] = [];
  vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
    const key = `${init?.method ? `${init.method} ` : ""}${url.split("?")[0]}`;
    asked.push(key);
    queries.push(url.split("?")[1] ?? "");
    sent.push(init?.body);
    headers.push((init?.headers ?? {}) as Record<string, string>);
    // Who has signed in is known from then on.
    if (key === "POST /api/session" && !(all[key] instanceof Problem)) all["/api/session"] = all[key];
    return respond(key in all ? all[key] : new Problem(404, `nothing answers ${key}`));
  });
  const told: unknown[] = [];
  const socket = {
    onmessage: (_: { data: string }) => {},
    onclose: () => {},
    close: () => {},
    send: (text: string) => told.push(JSON.parse(text)),
  };
  let sockets = 0;
  const addresses: string[] = [];
  vi.stubGlobal("WebSocket", function open(address: string) {
    sockets += 1;
    addresses.push(address);
    return socket;
  });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 10_000 } } });
  const live = createLive(client, "ws://studio/ws");
  // As a page reads it that is opened there.
  setWorkspace(readWorkspace(new URLSearchParams(path.split("?")[1]).get(PARAMETER)));
  onTestFinished(() => setWorkspace(undefined));
  const router = createAppRouter(createMemoryHistory({ initialEntries: [path] }));
  onTestFinished(followTime(client, router));
  onTestFinished(() => live.socket.stop());
  let seq = 0;
  const say = async (type: string, data: unknown) => {
    await waitFor(() => expect(sockets).toBeGreaterThan(0));
    await act(async () => {
      seq += 1;
      socket.onmessage({ data: JSON.stringify({ type, epoch: "a", seq, data }) });
    });
  };
  /** The stretch of the list of actors that the page looks at. */
  const window = () => {
    const frames = told as { type: string; id: string; count?: number }[];
    const closed = new Set(frames.filter(({ count }) => count === 0).map(({ id }) => id));
    return frames.findLast(({ type, id }) => type === "window" && !closed.has(id));
  };
  /** Answers it: with the actors of a list, or an error. Tells what was asked for. */
  const sayWindow = async (answer: ActorRecord[] | { error: object }) => {
    await waitFor(() => expect(window()).toBeTruthy(), { timeout: 8000 });
    const id = window()?.id;
    const list = { from: 0, total: Array.isArray(answer) ? answer.length : 0 };
    const data = Array.isArray(answer) ? { ...list, ids: answer.map((row) => row.id), rows: answer } : answer;
    await say("window", { id, ...data });
    return window();
  };
  const view = render(<App client={client} live={live} router={router} />);
  return {
    ...view,
    say,
    asked,
    queries,
    sent,
    /** What was sent beside the address, each time. */
    headers,
    answers: all,
    router,
    /** What the page said to the studio over its socket. */
    told,
    /** Where they were opened. */
    addresses,
    /** Sockets opened so far. */
    sockets: () => sockets,
    /** The studio hangs up. */
    hangUp: () => act(async () => socket.onclose()),
    window,
    sayWindow,
    hello: () => say("hello", { epoch: "a", seq: 1 }),
  };
}

async function respond(answer: unknown): Promise<Response> {
  if (answer === PENDING) return new Promise(() => {});
  if (answer instanceof Problem) {
    return new Response(JSON.stringify({ detail: answer.detail, code: "test" }), {
      status: answer.status,
      headers: answer.headers,
    });
  }
  return new Response(answer instanceof Raw ? answer.json : JSON.stringify(answer), { status: 200 });
}
