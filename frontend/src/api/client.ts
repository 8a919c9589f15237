// The one way to the server. Every refusal becomes an `ApiError` with the server's own code and sentence; a server
// that does not answer becomes one too (code "unreachable"), so that callers have a single kind of failure.
import createClient from "openapi-fetch";
import type { paths } from "./schema";
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
  const details: unknown = body.details;
  const known = typeof details === "object" && details !== null ? { ...details } : {};
  return new ApiError(status, body.code, body.message, body.request_id, known);
}

/** `fetch` whose failure to reach the server is an `ApiError`; an abort stays an abort. */
async function reach(input: Request | string, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(input, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", "The server did not answer.");
  }
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
