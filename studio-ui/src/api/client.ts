/** One way to call the studio: JSON in, JSON out, every failure an `ApiError` that says what to do next. */

import { BASE } from "./base";
import { parseJson, printJson } from "./json";
import { asOfMoment, refusedAt } from "./moment";
import { positionHeader, sawAnswer } from "./seen";
import { workspaceHeader } from "./workspace";

type Problem = { title?: string; detail?: string; code?: string };

type Said = {
  code?: string | undefined;
  /** How long the studio asks to wait, in milliseconds. */
  retryAfter?: number | undefined;
};

export class ApiError extends Error {
  /** As HTTP has it; 0 when there was no answer. */
  readonly status: number;
  readonly code: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(status: number, message: string, { code, retryAfter }: Said = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

const refused = new Set<() => void>();

/** Tells when the studio answers that it does not know who asks (401). */
export function onUnauthorized(listener: () => void): () => void {
  refused.add(listener);
  return () => refused.delete(listener);
}

export function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return call<T>(path, signal ? { signal } : {});
}

export function postJson<T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const sent = body === undefined ? {} : { body: printJson(body) };
  return call<T>(path, { method: "POST", ...sent, ...(signal && { signal }) });
}

export function putJson<T>(path: string, body: unknown): Promise<T> {
  return call<T>(path, { method: "PUT", body: printJson(body) });
}

export function deleteJson<T>(path: string): Promise<T> {
  return call<T>(path, { method: "DELETE" });
}

/** Whether to ask again: once, and not where the studio has said no. */
export function retryOnce(failures: number, error: Error): boolean {
  const refused = error instanceof ApiError && error.status >= 400 && error.status < 500;
  return failures < 1 && !refused;
}

/**
 * How often to ask again while the answer is looked at. Not after a first answer that was a refusal: asking would take it, and the
 * button beside it, away from below the reader's hand each time; whoever reads it asks again, or a new line to the studio does.
 */
export function pollEvery(millis: number) {
  return ({ state }: { state: { dataUpdatedAt: number; error: Error | null } }): number | false =>
    state.dataUpdatedAt === 0 && state.error !== null ? false : millis;
}

/** One segment of a path, whatever characters an id has. */
export function segment(id: string): string {
  return encodeURIComponent(id);
}

async function call<T>(asked: string, init: RequestInit): Promise<T> {
  const path = asOfMoment(asked);
  let response: Response;
  try {
    const typed = init.body === undefined ? {} : { "content-type": "application/json" };
    response = await fetch(BASE + path, {
      ...init,
      headers: { accept: "application/json", ...positionHeader(), ...workspaceHeader(), ...typed },
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, "The studio did not answer. Is it still running?");
  }
  sawAnswer(response.headers);
  const text = await response.text();
  const body = parse(text);
  if (response.status === 401) for (const listener of refused) listener();
  if (!response.ok) {
    const problem = problemError(response, body);
    refusedAt(path, problem);
    throw problem;
  }
  if (body === undefined && text !== "") {
    throw new ApiError(response.status, `${path} answered with something that is not JSON.`);
  }
  return body as T;
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function problemError(response: Response, body: unknown): ApiError {
  const problem = (typeof body === "object" && body !== null ? body : {}) as Problem;
  const said = problem.detail ?? problem.title;
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return new ApiError(response.status, said ?? `The studio answered ${response.status} ${response.statusText}.`, {
    code: problem.code,
    retryAfter: Number.isFinite(seconds) ? seconds * 1000 : undefined,
  });
}
