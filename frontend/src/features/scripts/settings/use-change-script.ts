import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { changeScript } from "~/api/commands";
import type { Script, ScriptPatch } from "~/api/types";

/** Changes a script and lets every page know what is true now. */
export function useChangeScript(script: Script) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (patch: ScriptPatch) => changeScript(script.id, patch),
    onSuccess: (changed) => {
      queryClient.setQueryData(["script", script.id], changed);
      void queryClient.invalidateQueries({ queryKey: ["scripts"] });
      toast("Saved");
    },
  });
}
