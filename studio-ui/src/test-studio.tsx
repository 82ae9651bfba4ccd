/** The whole page in a test: real router, caches and live side, with the studio's answers given by hand. */

import { QueryClient } from "@tanstack/react-query";
import { createMemoryHistory } from "@tanstack/react-router";
import { act, render } from "@testing-library/react";
import { onTestFinished, vi } from "vitest";
import { App } from "./app/app";
import { createLive } from "./app/live-wiring";
import { createAppRouter } from "./app/router";

export type Answers = Record<string, unknown>;

/** An answer that is an error, as the studio words it. */
export class Problem {
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {}
}

/** An answer that never comes. */
export const PENDING = Symbol("pending");

const DEFAULTS: Answers = {
  "/api/ui": { sections: [{ id: "workflows", title: "Workflows", path: "/workflows" }] },
  "/api/metrics": {
    timestamp: "2025-12-13T03:33:58.077Z",
    actorPools: { totalActors: 3, activeActors: 1, idleActors: 2, byType: {} },
    messageQueues: { totalMessages: 1234, pendingMessages: 5 },
  },
  "/api/status": { status: "ok", runs: { queued: 0, running: 2 } },
  "/api/actors": [],
  "/api/workflows": [],
  "/api/runs": [],
};

/** Answers by path without its query; a post by `POST path`. */
export function openStudio(path: string, answers: Answers = {}) {
  const all: Answers = { ...DEFAULTS, ...answers };
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
    const key = `${init?.method === "POST" ? "POST " : ""}${url.split("?")[0]}`;
    asked.push(key);
    return respond(key in all ? all[key] : new Problem(404, `nothing answers ${key}`));
  });
  const socket = { onmessage: (_: { data: string }) => {}, onclose: () => {}, close: () => {} };
  vi.stubGlobal("WebSocket", function open() {
    return socket;
  });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 10_000 } } });
  const live = createLive(client, "ws://studio/ws");
  const router = createAppRouter(createMemoryHistory({ initialEntries: [path] }));
  live.socket.start();
  onTestFinished(() => live.socket.stop());
  let seq = 0;
  const say = (type: string, data: unknown) =>
    act(async () => {
      seq += 1;
      socket.onmessage({ data: JSON.stringify({ type, epoch: "a", seq, data }) });
    });
  const view = render(<App client={client} live={live} router={router} />);
  return { ...view, say, asked, answers: all, router, hello: () => say("hello", { epoch: "a", seq: 1 }) };
}

async function respond(answer: unknown): Promise<Response> {
  if (answer === PENDING) return new Promise(() => {});
  if (answer instanceof Problem) {
    return new Response(JSON.stringify({ detail: answer.detail, code: "test" }), { status: answer.status });
  }
  return new Response(JSON.stringify(answer), { status: 200 });
}
