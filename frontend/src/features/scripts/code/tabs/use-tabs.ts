// The open tabs of a script in this window; the shown file is always one of them.
import { useCallback, useEffect, useState } from "react";
import { recallHere, rememberHere } from "~/lib/storage";
import { withTab } from "./tabs";

const keyOf = (scriptId: string) => `tabs.${scriptId}`;

export function useTabs(scriptId: string, shown: string, entryPoint: string) {
  const [tabs, set] = useState<readonly string[]>(() => {
    const stored = recallHere(keyOf(scriptId));
    const known = Array.isArray(stored) ? stored.filter((path) => typeof path === "string") : [entryPoint];
    return withTab(known, shown, null);
  });
  const setTabs = useCallback(
    (next: (tabs: readonly string[]) => readonly string[]) =>
      set((known) => {
        const made = next(known);
        rememberHere(keyOf(scriptId), made);
        return made;
      }),
    [scriptId],
  );
  const [before, setBefore] = useState<string | null>(null);
  useEffect(() => {
    setTabs((known) => withTab(known, shown, before));
    setBefore(shown);
  }, [shown, before, setTabs]);
  // Between closing a tab and the address leaving it, it is still shown and no tab any more.
  const settled = tabs.includes(shown);
  return { tabs: settled ? tabs : withTab(tabs, shown, before), settled, setTabs };
}
