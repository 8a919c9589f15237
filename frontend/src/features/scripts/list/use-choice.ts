// Which rows are chosen, and which one the keys are at.
import { useCallback, useMemo, useRef, useState } from "react";
import type { ListedScript } from "../contract";
import { allOrNone, type Chosen, ranged } from "./selection";
import type { Entry } from "./table/layout";
import type { Acts } from "./use-acts";
import { useListKeys } from "./use-list-keys";

export interface Choice {
  chosen: Chosen;
  /** Those that are chosen and shown, in the order of the list. */
  scripts: readonly ListedScript[];
  /** How many are shown. */
  shown: number;
  choose: (id: string, shift: boolean) => void;
  chooseAll: () => void;
  clear: () => void;
  active: string | null;
  setActive: (id: string) => void;
  /** Counts the moves by keys. */
  moved: number;
}

export function useChoice(entries: readonly Entry[], acts: Acts): Choice {
  const [chosen, setChosen] = useState<Chosen>(new Set());
  const [active, setActive] = useState<string | null>(null);
  const [moved, setMoved] = useState(0);
  const anchor = useRef<string | null>(null);
  const listed = useMemo(() => entries.flatMap((entry) => (entry.kind === "script" ? [entry.script] : [])), [entries]);
  const shown = useRef<readonly string[]>([]);
  shown.current = useMemo(() => listed.map(({ id }) => id), [listed]);
  const scripts = useMemo(() => listed.filter(({ id }) => chosen.has(id)), [listed, chosen]);

  const choose = useCallback((id: string, shift: boolean) => {
    const from = shift ? anchor.current : null;
    setChosen((before) => ranged(before, shown.current, from, id));
    anchor.current = id;
  }, []);
  const chooseAll = useCallback(() => setChosen((before) => allOrNone(before, shown.current)), []);
  const clear = useCallback(() => setChosen(new Set()), []);

  const at = listed.findIndex(({ id }) => id === active);
  const onActive = (does: (script: ListedScript) => void) => () => {
    const script = listed[at];
    if (script) does(script);
  };
  useListKeys({
    move: (step) => {
      const next = listed[at < 0 ? 0 : Math.min(Math.max(0, at + step), listed.length - 1)];
      if (!next) return;
      setActive(next.id);
      setMoved((count) => count + 1);
    },
    run: onActive(acts.run),
    edit: onActive((script) => acts.open("rename", script)),
    choose: onActive(({ id }) => choose(id, false)),
    clear,
  });
  return { chosen, scripts, shown: listed.length, choose, chooseAll, clear, active, setActive, moved };
}
