// What was typed about a script's packages and is not saved. It is kept in this browser, like a draft of code.
import { useState } from "react";
import type { Dependencies } from "~/api/types";
import { recall, remember } from "~/lib/storage";
import { namesIn } from "./packages";
import { sameRequirements } from "./requirements";
import type { SavedList } from "./use-environment";

function useKept(key: string): [string | null, (next: string | null) => void] {
  const [typed, setTyped] = useState<string | null>(() => recall(key));
  const keep = (next: string | null) => {
    setTyped(next);
    remember(key, next);
  };
  return [typed, keep];
}

export function useDraft(scriptId: string, saved: Pick<Dependencies, "requirements" | "build_from_source">) {
  const [lines, keepLines] = useKept(`draft.${scriptId}.requirements`);
  const [source, keepSource] = useKept(`draft.${scriptId}.source`);
  const sourceNames = source === null ? saved.build_from_source : namesIn(source);
  const listChanged = lines !== null && !sameRequirements(lines.split("\n"), saved.requirements);
  const sourceChanged =
    source !== null && !sameRequirements([...sourceNames].sort(), [...saved.build_from_source].sort());
  const shown = lines?.split("\n") ?? saved.requirements;
  return {
    lines: shown,
    source: source ?? saved.build_from_source.join(", "),
    changed: listChanged || sourceChanged,
    setLines: (next: string[]) => keepLines(next.join("\n")),
    setSource: (next: string) => keepSource(next),
    /** What a save sends. */
    list: { requirements: shown, ...(sourceChanged ? { buildFromSource: sourceNames } : {}) } satisfies SavedList,
    clear: () => {
      keepLines(null);
      keepSource(null);
    },
  };
}
