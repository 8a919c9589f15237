// What the interface asks the server to do. Each answers with what the server says is now true.
import { client, idempotencyKey, raw, unwrap } from "./client";
import type { NewScript, RunRequest, ScriptPatch, SettingsPatch } from "./types";

const by = (id: string) => ({ params: { path: { id } } });

export const createScript = (body: NewScript) => unwrap(client.POST("/api/v1/scripts", { body }));
export const changeScript = (id: string, body: ScriptPatch) =>
  unwrap(client.PATCH("/api/v1/scripts/{id}", { ...by(id), body }));
/** To the trash: `restoreScript` brings it back. */
export const deleteScript = (id: string) => raw(`/scripts/${encodeURIComponent(id)}`, { method: "DELETE" });
export const restoreScript = (id: string) => unwrap(client.POST("/api/v1/scripts/{id}/restore", by(id)));
export const renameFile = (id: string, from: string, to: string) =>
  unwrap(client.POST("/api/v1/scripts/{id}/rename-file", { ...by(id), body: { from, to } }));

export const saveRequirements = (id: string, requirements: string[]) =>
  unwrap(client.PUT("/api/v1/scripts/{id}/dependencies", { ...by(id), body: { requirements } }));
export const installDependencies = (id: string) =>
  unwrap(client.POST("/api/v1/scripts/{id}/dependencies/install", by(id)));

export const startRun = (scriptId: string, body: RunRequest = {}) =>
  unwrap(
    client.POST("/api/v1/scripts/{id}/runs", {
      params: { path: { id: scriptId }, header: { "Idempotency-Key": idempotencyKey() } },
      body,
    }),
  );
export const stopRun = (id: string) => unwrap(client.POST("/api/v1/runs/{id}/cancel", by(id)));

export const logUrl = (runId: string, query: { stream?: "stdout" | "stderr"; format?: "raw" | "text" | "ndjson" }) =>
  `/api/v1/runs/${encodeURIComponent(runId)}/log?${new URLSearchParams(query)}`;

export const changeSettings = (body: SettingsPatch) => unwrap(client.PATCH("/api/v1/settings", { body }));
