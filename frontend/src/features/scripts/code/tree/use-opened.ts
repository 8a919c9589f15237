// Which folders of the tree are open, kept for this window; those above the shown file open by themselves.
import { useCallback, useEffect, useState } from "react";
import { recallHere, rememberHere } from "~/lib/storage";
import { foldersAbove } from "./paths";

const keyOf = (scriptId: string) => `tree.${scriptId}`;

function read(scriptId: string): Set<string> {
  const stored = recallHere(keyOf(scriptId));
  return new Set(Array.isArray(stored) ? stored.filter((path) => typeof path === "string") : []);
}

export function useOpened(scriptId: string, shown: string) {
  const [opened, set] = useState<ReadonlySet<string>>(() => new Set([...read(scriptId), ...foldersAbove(shown)]));
  const setOpened = useCallback(
    (change: (known: ReadonlySet<string>) => ReadonlySet<string>) =>
      set((known) => {
        const next = change(known);
        rememberHere(keyOf(scriptId), [...next]);
        return next;
      }),
    [scriptId],
  );
  useEffect(() => {
    const above = foldersAbove(shown);
    set((known) => (above.every((path) => known.has(path)) ? known : new Set([...known, ...above])));
  }, [shown]);
  return { opened, setOpened };
}
