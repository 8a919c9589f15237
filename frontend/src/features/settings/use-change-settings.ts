import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { changeSettings } from "~/api/commands";
import type { SettingsPatch } from "~/api/types";

/** Changes settings; each form has its own, so that a refusal stands where it was caused. */
export function useChangeSettings() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (patch: SettingsPatch) => changeSettings(patch),
    onSuccess: (view) => {
      queryClient.setQueryData(["settings"], view);
      void queryClient.invalidateQueries({ queryKey: ["system"] });
      void queryClient.invalidateQueries({ queryKey: ["script"] });
      toast("Saved");
    },
  });
}

export type ChangeSettings = ReturnType<typeof useChangeSettings>;
