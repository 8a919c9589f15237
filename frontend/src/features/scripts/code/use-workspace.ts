import { useEffect, useRef, useSyncExternalStore } from "react";
import type { FolderEntry } from "./contract";
import { type OpenFile, type Workspace, workspaceOf } from "./workspace";

export function useWorkspace(scriptId: string): { workspace: Workspace; files: ReadonlyMap<string, OpenFile> } {
  const workspace = workspaceOf(scriptId);
  const files = useSyncExternalStore(workspace.subscribe, workspace.snapshot);
  const unkept = [...files.values()].some((file) => file.unkept);
  useEffect(() => {
    const keep = (event: Event) => {
      workspace.keepDrafts();
      // Only where this browser keeps no draft is leaving a loss.
      if (event.type === "beforeunload" && unkept) event.preventDefault();
    };
    window.addEventListener("pagehide", keep);
    window.addEventListener("beforeunload", keep);
    return () => {
      window.removeEventListener("pagehide", keep);
      window.removeEventListener("beforeunload", keep);
      workspace.keepDrafts();
    };
  }, [workspace, unkept]);
  return { workspace, files };
}

/** Reads open files again when the list of the folder tells that they were changed, wherever that was done. */
export function useFreshFiles(workspace: Workspace, entries: readonly FolderEntry[] | undefined) {
  const seen = useRef<ReadonlyMap<string, string> | null>(null);
  useEffect(() => {
    if (!entries) return;
    const stamps = new Map(entries.map((entry) => [entry.path, `${entry.modified_at} ${entry.size}`]));
    const before = seen.current;
    seen.current = stamps;
    for (const path of workspace.snapshot().keys())
      if (before === null || before.get(path) !== stamps.get(path)) void workspace.refresh(path).catch(() => {});
  }, [workspace, entries]);
}
