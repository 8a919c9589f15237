// Files that become scripts, one after the other. They are held by the page, so that closing the dialog loses nothing
// that is under way.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import type { Imported } from "../../contract";
import { importScript } from "../../requests";
import { cannotImport } from "./import-check";

export interface ImportItem {
  key: number;
  file: File;
  state: "waiting" | "sending" | "done" | "refused";
  result: Imported | null;
  error: unknown;
}

export interface Imports {
  items: readonly ImportItem[];
  /** Whether schedules of files that come from now on are as they were; otherwise they are switched off. */
  keepsSchedules: boolean;
  keepSchedules: (keep: boolean) => void;
  add: (files: readonly File[]) => void;
  /** Once more, under another name. */
  retry: (item: ImportItem, name: string | undefined) => void;
  /** Forgets what is over. */
  forget: () => void;
}

export function useImports(): Imports {
  const queryClient = useQueryClient();
  const [items, setItems] = useState<readonly ImportItem[]>([]);
  const queue = useRef<Promise<void>>(Promise.resolve());
  const keys = useRef(0);
  const [keepsSchedules, keepSchedules] = useState(false);

  const change = useCallback((key: number, patch: Partial<ImportItem>) => {
    setItems((before) => before.map((item) => (item.key === key ? { ...item, ...patch } : item)));
  }, []);
  const send = useCallback(
    (key: number, file: File, name?: string) => {
      queue.current = queue.current.then(async () => {
        change(key, { state: "sending", error: null });
        try {
          const result = await importScript(file, { name, keepsSchedules });
          change(key, { state: "done", result });
          queryClient.setQueryData(["script", result.script.id], result.script);
          for (const each of ["scripts", "tags", "dashboard"]) void queryClient.invalidateQueries({ queryKey: [each] });
        } catch (error) {
          change(key, { state: "refused", error });
        }
      });
    },
    [change, queryClient, keepsSchedules],
  );
  const add = useCallback(
    (files: readonly File[]) => {
      const next = files.map((file): ImportItem => {
        const wrong = cannotImport(file);
        const about = { key: ++keys.current, file, result: null };
        return wrong
          ? { ...about, state: "refused", error: new Error(wrong) }
          : { ...about, state: "waiting", error: null };
      });
      setItems((before) => [...before, ...next]);
      for (const { key, file, state } of next) if (state === "waiting") send(key, file);
    },
    [send],
  );
  const retry = useCallback(
    (item: ImportItem, name: string | undefined) => {
      change(item.key, { state: "waiting", error: null });
      send(item.key, item.file, name);
    },
    [change, send],
  );
  const forget = useCallback(
    () => setItems((before) => before.filter(({ state }) => state === "waiting" || state === "sending")),
    [],
  );
  return { items, keepsSchedules, keepSchedules, add, retry, forget };
}
