// What the interface asks the server to do. Each answers with what the server says is now true.
import { client, idempotencyKey, raw, unwrap } from "./client";
import type { BackupWish, NewImage, Run, RunRequest, ScriptPatch, SettingsPatch } from "./types";

const by = (id: string) => ({ params: { path: { id } } });

export const changeScript = (id: string, body: ScriptPatch) =>
  unwrap(client.PATCH("/api/v1/scripts/{id}", { ...by(id), body }));
/** To the trash: `restoreScript` brings it back. */
export const deleteScript = (id: string) => raw(`/scripts/${encodeURIComponent(id)}`, { method: "DELETE" });
export const restoreScript = (id: string) => unwrap(client.POST("/api/v1/scripts/{id}/restore", by(id)));
export const renameFile = (id: string, from: string, to: string) =>
  unwrap(client.POST("/api/v1/scripts/{id}/rename-file", { ...by(id), body: { from, to } }));

/** Without `buildFromSource` that choice stays as it was. */
export const saveRequirements = (id: string, requirements: string[], buildFromSource?: string[]) =>
  unwrap(
    client.PUT("/api/v1/scripts/{id}/dependencies", {
      ...by(id),
      body: { requirements, ...(buildFromSource ? { build_from_source: buildFromSource } : {}) },
    }),
  );
export const installDependencies = (id: string) =>
  unwrap(client.POST("/api/v1/scripts/{id}/dependencies/install", by(id)));
/** No names: all of them. */
export const updateDependencies = (id: string, packages: string[] = []) =>
  unwrap(client.POST("/api/v1/scripts/{id}/dependencies/update", { ...by(id), body: { packages } }));
export const checkDependencies = (id: string) =>
  unwrap(client.POST("/api/v1/scripts/{id}/dependencies/check", { ...by(id), body: {} }));
export const rebuildEnvironment = (id: string) =>
  unwrap(client.POST("/api/v1/scripts/{id}/dependencies/rebuild", by(id)));
/** Reads the files of the environment, too. */
export const verifyEnvironment = (id: string) =>
  unwrap(client.GET("/api/v1/scripts/{id}/dependencies", { params: { path: { id }, query: { verify: true } } }));
export const rollBack = (id: string, key: string) =>
  unwrap(client.POST("/api/v1/scripts/{id}/dependencies/rollback", { ...by(id), body: { key } }));
export const resolveInline = (id: string, use: "file" | "list") =>
  unwrap(client.POST("/api/v1/scripts/{id}/dependencies/resolve", { ...by(id), body: { use } }));

export const startRun = (scriptId: string, body: RunRequest = {}) =>
  unwrap(
    client.POST("/api/v1/scripts/{id}/runs", {
      params: { path: { id: scriptId }, header: { "Idempotency-Key": idempotencyKey() } },
      body,
    }),
  );
export const stopRun = (id: string) => unwrap(client.POST("/api/v1/runs/{id}/cancel", by(id)));

/** A kept run is never removed by retention. */
export async function keepRun(id: string, kept: boolean): Promise<Run> {
  const response = await raw(`/runs/${encodeURIComponent(id)}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ kept }),
  });
  return (await response.json()) as Run;
}
/** For good, with its log and its artifacts. */
export const deleteRun = (id: string) => raw(`/runs/${encodeURIComponent(id)}`, { method: "DELETE" });

export const logUrl = (runId: string, query: { stream?: "stdout" | "stderr"; format?: "raw" | "text" | "ndjson" }) =>
  `/api/v1/runs/${encodeURIComponent(runId)}/log?${new URLSearchParams(query)}`;

export const changeSettings = (body: SettingsPatch) => unwrap(client.PATCH("/api/v1/settings", { body }));

export const examine = () => unwrap(client.POST("/api/v1/doctor"));

export const makeBackup = (body: BackupWish) => unwrap(client.POST("/api/v1/backups", { body }));
export const verifyBackup = (name: string) =>
  unwrap(client.POST("/api/v1/backups/{name}/verify", { params: { path: { name } } }));
export const deleteBackup = (name: string) => raw(`/backups/${encodeURIComponent(name)}`, { method: "DELETE" });
export const cancelBackup = () => raw("/backups/cancel", { method: "POST" });
/** Where a browser downloads it from. */
export const backupAddress = (name: string) => `/api/v1/backups/${encodeURIComponent(name)}`;
export const addImage = (body: NewImage) => unwrap(client.POST("/api/v1/images", { body }));
export const renewImage = (name: string) =>
  unwrap(client.POST("/api/v1/images/{name}/renew", { params: { path: { name } } }));
export const removeImage = (name: string) => raw(`/images/${encodeURIComponent(name)}`, { method: "DELETE" });
