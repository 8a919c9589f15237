// What the interface asks the server about trigger addresses.
import { queryOptions } from "@tanstack/react-query";
import { ask } from "~/api/client";
import type { Anew, Trigger, TriggerTerms } from "./contract";

const of = (scriptId: string) => `/scripts/${encodeURIComponent(scriptId)}/trigger`;

export const putTrigger = (scriptId: string, body: TriggerTerms) => ask<Trigger>("PUT", of(scriptId), body);
export const rotateTrigger = (scriptId: string, what: Anew) => ask<Trigger>("POST", `${of(scriptId)}/rotate`, { what });
export const removeTrigger = (scriptId: string) => ask<void>("DELETE", of(scriptId));

/** Null where the script has none. */
export const triggerQuery = (scriptId: string) =>
  queryOptions({
    queryKey: ["script", scriptId, "trigger"],
    queryFn: async ({ signal }) => (await ask<Trigger | undefined>("GET", of(scriptId), undefined, signal)) ?? null,
  });
