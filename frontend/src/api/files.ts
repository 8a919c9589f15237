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
  etag: string;
}

/** With `ifMatch` the server refuses (412) when the file is no longer the one that was read. */
export async function writeFile(
  scriptId: string,
  path: string,
  body: string | Blob,
  ifMatch?: string | null,
): Promise<SavedFile> {
  const headers: Record<string, string> = { "content-type": "application/octet-stream" };
  if (ifMatch) headers["if-match"] = ifMatch;
  const response = await raw(address(scriptId, path), { method: "PUT", headers, body });
  return (await response.json()) as SavedFile;
}

export async function deleteFile(scriptId: string, path: string): Promise<void> {
  await raw(address(scriptId, path), { method: "DELETE" });
}
