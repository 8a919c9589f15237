// The one way to the server. Every refusal becomes an `ApiError` with the server's own code and sentence; a server
// that does not answer becomes one too (code "unreachable"), so that callers have a single kind of failure.
import createClient from "openapi-fetch";
import type { paths } from "./schema";
import { signedOut, wantsSignIn } from "./signed-out";
import type { ErrorBody } from "./types";

export const BASE = "/api/v1";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null = null,
    /** What the refusal is about, such as `field`; whatever else the server adds. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** The field of the request that was refused, where it was one. */
  get field(): string | null {
    return typeof this.details.field === "string" ? this.details.field : null;
  }
}

const isBody = (value: unknown): value is ErrorBody =>
  typeof value === "object" && value !== null && "code" in value && "message" in value;

export function refusal(status: number, body: unknown): ApiError {
  if (!isBody(body))
    return new ApiError(status, "unexpected_answer", `The server answered ${status} without a reason.`);
  if (wantsSignIn(status, body.code)) signedOut.set(true);
  const details: unknown = body.details;
  const known = typeof details === "object" && details !== null ? { ...details } : {};
  return new ApiError(status, body.code, body.message, body.request_id, known);
}

const PAUSES_MS = [150, 600];
const REPEATABLE = new Set(["GET", "HEAD", "PUT"]);

/**
 * `fetch` whose failure to reach the server is an `ApiError`; an abort stays an abort.
 *
 * A request that may be sent twice is sent again before it counts as failed. That is no luxury here: every container
 * that starts on this machine changes its network interfaces, and browsers then drop what they had under way.
 */
async function reach(input: Request | string, init?: RequestInit): Promise<Response> {
  const request = new Request(input instanceof Request ? input : new URL(input, window.location.href), init);
  const repeatable = REPEATABLE.has(request.method) || request.headers.has("idempotency-key");
  for (let attempt = 0; ; attempt++) {
    try {
      return await fetch(request.clone());
    } catch (error) {
      if (request.signal.aborted) throw error;
      const pause = repeatable ? PAUSES_MS[attempt] : undefined;
      if (pause === undefined) throw new ApiError(0, "unreachable", "The server did not answer.");
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

/** Makes a POST one that may be sent twice: the server answers the second like the first. */
export function idempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The host comes from the page; the client builds whole addresses because tests run where none is implied. */
export const client = createClient<paths>({ baseUrl: window.location.origin, fetch: (request) => reach(request) });

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer's data, or its refusal thrown. */
export async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw refusal(response.status, error);
  return data as T;
}

/** For bodies that are bytes. `path` is below the base and already encoded. */
export async function raw(path: string, init?: RequestInit): Promise<Response> {
  const response = await reach(`${BASE}${path}`, init);
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => null);
  throw refusal(response.status, body);
}

/** JSON there and back, for what is named by a path of its own; nothing comes back from a 204. */
export async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await raw(path, {
    method,
    ...(signal ? { signal } : {}),
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  return (response.status === 204 ? undefined : await response.json()) as T;
}
