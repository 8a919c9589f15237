import { useEffect, useSyncExternalStore } from "react";
import { type OpenFile, type Workspace, workspaceOf } from "./workspace";

export function useWorkspace(scriptId: string): { workspace: Workspace; files: ReadonlyMap<string, OpenFile> } {
  const workspace = workspaceOf(scriptId);
  const files = useSyncExternalStore(workspace.subscribe, workspace.snapshot);
  useEffect(() => {
    const keep = () => workspace.keepDrafts();
    window.addEventListener("pagehide", keep);
    return () => {
      window.removeEventListener("pagehide", keep);
      keep();
    };
  }, [workspace]);
  return { workspace, files };
}
