// What would be sent of a draft, asked for once nobody types for a moment.
import { useSettled } from "~/lib/use-settled";
import type { HookEvent, PreviewAsked } from "../contract";
import type { Draft } from "../form";
import { previewQuery } from "../requests";

const SETTLE_MS = 350;

export function usePreview(draft: Pick<Draft, "format" | "template" | "contentType">, event: HookEvent) {
  const now: PreviewAsked = {
    format: draft.format,
    event,
    ...(draft.format === "template"
      ? { template: draft.template, content_type: draft.contentType.trim() || null }
      : {}),
  };
  // As text, which is equal to itself however often it is worked out.
  const text = JSON.stringify(now);
  const settledText = useSettled(text, SETTLE_MS);
  return { asked: previewQuery(JSON.parse(settledText) as PreviewAsked), settled: settledText === text };
}
