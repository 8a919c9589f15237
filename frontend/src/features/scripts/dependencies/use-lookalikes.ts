// Names to be looked at twice, by package: of what is saved and, while somebody types, of what is not saved yet, because
// the time to say it is before the install.
import { useQuery } from "@tanstack/react-query";
import { previewQuery } from "~/api/queries";
import type { Dependencies, Lookalike } from "~/api/types";
import { useSettled } from "~/lib/use-settled";
import type { useDraft } from "./use-draft";

export type Lookalikes = ReadonlyMap<string, Lookalike>;

export function useLookalikes(scriptId: string, data: Dependencies, draft: ReturnType<typeof useDraft>): Lookalikes {
  const text = useSettled(draft.lines.join("\n"));
  const typed = useQuery({
    ...previewQuery(scriptId, { text, requirements: [], others: "remove" }),
    enabled: draft.changed && text.trim() !== "",
    placeholderData: (previous) => previous,
  });
  const all = [...data.warnings, ...((draft.changed && typed.data?.warnings) || [])];
  return new Map(all.map((each) => [each.package, each]));
}
