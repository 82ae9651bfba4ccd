/** One way to call the studio: JSON in, JSON out, every failure an `ApiError` that says what to do next. */

type Problem = { title?: string; detail?: string; code?: string };

export class ApiError extends Error {
  readonly status: number;
  readonly code: string | undefined;

  constructor(status: number, message: string, code?: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

export function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return call<T>(path, signal ? { signal } : {});
}

export function postJson<T>(path: string): Promise<T> {
  return call<T>(path, { method: "POST" });
}

/** One segment of a path, whatever characters an id has. */
export function segment(id: string): string {
  return encodeURIComponent(id);
}

async function call<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers: { accept: "application/json" } });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, "The studio did not answer. Is it still running?");
  }
  const text = await response.text();
  const body = parse(text);
  if (!response.ok) throw problemError(response, body);
  if (body === undefined && text !== "") {
    throw new ApiError(response.status, `${path} answered with something that is not JSON.`);
  }
  return body as T;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problemError(response: Response, body: unknown): ApiError {
  const problem = (typeof body === "object" && body !== null ? body : {}) as Problem;
  const said = problem.detail ?? problem.title;
  return new ApiError(
    response.status,
    said ?? `The studio answered ${response.status} ${response.statusText}.`,
    problem.code,
  );
}
