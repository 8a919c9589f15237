// The product under test and the browser that looks at it. Every error in a page's console fails the test that
// opened the page, and so does any request that leaves the product's own origin.
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { expect, vi } from "vitest";

export const URL_OF_PRODUCT = (process.env.PYTASK_URL ?? "http://127.0.0.1:8420").replace(/\/$/, "");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const SCREENSHOTS = join(import.meta.dirname, "screenshots");

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export type Theme = "dark" | "light";

export interface Window {
  context: BrowserContext;
  page: Page;
  /** Fails when the page logged an error, but for those that are expected, or asked another host for anything. */
  assertClean(expected?: RegExp): void;
  close(): Promise<void>;
}

interface WindowOptions {
  theme?: Theme;
  width?: number;
  height?: number;
}

export async function openWindow({ theme = "dark", width = 1360, height = 860 }: WindowOptions = {}): Promise<Window> {
  const context = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), "chromium-")), {
    executablePath: CHROMIUM,
    args: ARGS,
    viewport: { width, height },
    colorScheme: theme,
    baseURL: URL_OF_PRODUCT,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(30_000);
  const errors: string[] = [];
  page.on("console", (message) => {
    // A container that starts on this machine changes its network: browsers drop requests then, and pages must cope.
    if (message.type() === "error" && !message.text().includes("ERR_NETWORK_CHANGED")) errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== URL_OF_PRODUCT) errors.push(`request to ${request.url()}`);
  });
  return {
    context,
    page,
    assertClean: (expected) => expect(errors.splice(0).filter((error) => !expected?.test(error))).toEqual([]),
    close: () => context.close(),
  };
}

export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

/** The API beside the browser, for arranging what a test needs and for asking what is true. */
export async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${URL_OF_PRODUCT}/api/v1${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export async function writeFile(scriptId: string, path: string, text: string): Promise<void> {
  const response = await fetch(`${URL_OF_PRODUCT}/api/v1/scripts/${scriptId}/files/${path}`, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream" },
    body: text,
  });
  if (!response.ok) throw new Error(`PUT ${path} answered ${response.status}: ${await response.text()}`);
}

export async function readFile(scriptId: string, path: string): Promise<string> {
  const response = await fetch(`${URL_OF_PRODUCT}/api/v1/scripts/${scriptId}/files/${path}`);
  if (!response.ok) throw new Error(`GET ${path} answered ${response.status}`);
  return response.text();
}

/** A script with these files; answers its id. */
export async function newScript(
  name: string,
  files: Readonly<Record<string, string>>,
  patch?: Readonly<Record<string, unknown>>,
): Promise<string> {
  const { id } = await api<{ id: string }>("POST", "/scripts", { name });
  for (const [path, text] of Object.entries(files)) await writeFile(id, path, text);
  if (patch) await api("PATCH", `/scripts/${id}`, patch);
  return id;
}

/** Starts a run, after these files were written; answers its id. */
export async function runOf(scriptId: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
  for (const [path, text] of Object.entries(files)) await writeFile(scriptId, path, text);
  return (await api<{ id: string }>("POST", `/scripts/${scriptId}/runs`, {})).id;
}

/** A name that no earlier run of the tests took. */
export const fresh = (word: string): string => `${word}-${Date.now().toString(36)}`;

/** Waits until a run is over and answers the kind of its outcome. */
export function finished(runId: string): Promise<string | undefined> {
  return vi.waitFor(
    async () => {
      const run = await api<{ state: string; outcome?: { kind: string } | null }>("GET", `/runs/${runId}`);
      if (run.state !== "finished") throw new Error(`run ${runId} is still ${run.state}`);
      return run.outcome?.kind;
    },
    { timeout: 150_000, interval: 300 },
  );
}
