// Bytes of a script's files. Paths keep their slashes; each segment is encoded on its own.
import { raw } from "./client";

const address = (scriptId: string, path: string) =>
  `/scripts/${encodeURIComponent(scriptId)}/files/${path.split("/").map(encodeURIComponent).join("/")}`;

export const fileUrl = (scriptId: string, path: string) => `/api/v1${address(scriptId, path)}`;

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
