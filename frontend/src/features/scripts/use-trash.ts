import { useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { deleteScript, restoreScript } from "~/api/commands";
import type { Script } from "~/api/types";
import { toastError } from "~/components/ui/error-notice";

/** Moves a script to the trash and offers to bring it back. Answers whether it went. */
export function useTrash(): (script: Pick<Script, "id" | "name">) => Promise<boolean> {
  const queryClient = useQueryClient();
  const refresh = () => {
    void queryClient.invalidateQueries({ queryKey: ["scripts"] });
    void queryClient.invalidateQueries({ queryKey: ["dashboard"] });
  };
  return async (script) => {
    try {
      await deleteScript(script.id);
    } catch (error) {
      toastError(error, `“${script.name}” was not deleted.`);
      return false;
    }
    refresh();
    toast(`“${script.name}” is in the trash`, {
      duration: 12_000,
      action: {
        label: "Undo",
        onClick: () => {
          restoreScript(script.id)
            .then(() => {
              refresh();
              void queryClient.invalidateQueries({ queryKey: ["script", script.id] });
              toast(`“${script.name}” is back`);
            })
            .catch((error: unknown) => toastError(error, "It is still in the trash."));
        },
      },
    });
    return true;
  };
}
