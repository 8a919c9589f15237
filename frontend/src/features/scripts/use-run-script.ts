import { toast } from "sonner";
import type { Run } from "~/api/types";
import { useStartRun } from "~/features/runs/actions";
import { workspaceOf } from "./code/workspace";

/** Saves what is open and unsaved, then starts a run: what runs is what is on the screen. */
export function useRunScript(scriptId: string): { run: () => Promise<Run | null>; busy: boolean } {
  const start = useStartRun();
  return {
    busy: start.isPending,
    run: async () => {
      if (!(await workspaceOf(scriptId).saveAll())) {
        toast.error("Not everything could be saved", { description: "No run was started. Look at the marked file." });
        return null;
      }
      return start.mutateAsync({ scriptId }).catch(() => null);
    },
  };
}
