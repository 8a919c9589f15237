// Bytes of a script's files and of a run's artifacts. Paths keep their slashes; each segment is encoded on its own.
import { BASE, raw } from "./client";

/** A path as part of an address. */
export const segments = (path: string) => path.split("/").map(encodeURIComponent).join("/");
const address = (scriptId: string, path: string) => `/scripts/${encodeURIComponent(scriptId)}/files/${segments(path)}`;
const artifact = (runId: string, path: string) => `/runs/${encodeURIComponent(runId)}/artifacts/${segments(path)}`;

/** `view`: shown in place, with a type that cannot harm; otherwise a download. */
export const fileUrl = (scriptId: string, path: string, use: "download" | "view" = "download") =>
  `${BASE}${address(scriptId, path)}${use === "view" ? "?view=true" : ""}`;

/** The same for what a run left. */
export const artifactUrl = (runId: string, path: string, use: "download" | "view") =>
  `${BASE}${artifact(runId, path)}${use === "view" ? "?view=true" : ""}`;

export const readArtifact = async (runId: string, path: string, signal?: AbortSignal): Promise<string> =>
  (await raw(artifact(runId, path), { ...(signal ? { signal } : {}) })).text();

/** Bytes with the type under which they can be shown. */
export const readPicture = async (scriptId: string, path: string, signal: AbortSignal): Promise<Blob> =>
  (await raw(`${address(scriptId, path)}?view=true`, { signal, cache: "no-store" })).blob();

export interface FileText {
  text: string;
  /** What `If-Match` takes back; null when the server named none. */
  etag: string | null;
}

export async function readFile(scriptId: string, path: string): Promise<FileText> {
  const response = await raw(address(scriptId, path), { cache: "no-store" });
  return { text: await response.text(), etag: response.headers.get("etag") };
}

export interface SavedFile {
  revision: number;
  etag: string | null;
}

/** The state in which the file must still be for the write to be taken; otherwise the server refuses (412). */
export type Expected = { etag: string } | "absent" | "anything";

export async function writeFile(
  scriptId: string,
  path: string,
  body: string | Blob,
  expected: Expected = "anything",
): Promise<SavedFile> {
  const headers: Record<string, string> = { "content-type": "application/octet-stream" };
  if (expected === "absent") headers["if-none-match"] = "*";
  else if (expected !== "anything") headers["if-match"] = expected.etag;
  const response = await raw(address(scriptId, path), { method: "PUT", headers, body });
  return (await response.json()) as SavedFile;
}

export async function deleteFile(scriptId: string, path: string): Promise<void> {
  await raw(address(scriptId, path), { method: "DELETE" });
}
