import { toast } from "sonner";
import type { Run } from "~/api/types";
import { useStartRun } from "~/features/runs/actions";
import { type RunWith, rememberRun } from "./code/run-with/remembered";
import { workspaceOf } from "./code/workspace";

/** Saves what is open and unsaved, then starts a run: what runs is what is on the screen. */
export function useRunScript(scriptId: string): { run: (having?: RunWith) => Promise<Run | null>; busy: boolean } {
  const start = useStartRun();
  return {
    busy: start.isPending,
    run: async (having) => {
      if (!(await workspaceOf(scriptId).saveAll())) {
        toast.error("Not everything could be saved", { description: "No run was started. Look at the marked file." });
        return null;
      }
      const started = await start
        .mutateAsync({ scriptId, ...(having ? { args: [...having.args], env: { ...having.env } } : {}) })
        .catch(() => null);
      if (started && having) rememberRun(scriptId, having);
      return started;
    },
  };
}
