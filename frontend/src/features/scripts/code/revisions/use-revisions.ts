// The loaded revisions of a script, and what can be done with one.
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { toastError } from "~/components/ui/error-notice";
import { labelRevision, restoreRevision, revisionsQuery } from "../requests";

export function useRevisions(scriptId: string) {
  const query = useInfiniteQuery(revisionsQuery(scriptId));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return { query, items };
}

export function useRevisionActs(scriptId: string, newest: number) {
  const queryClient = useQueryClient();
  const refresh = () => queryClient.invalidateQueries({ queryKey: ["script", scriptId] });
  const restore = async (number: number, undo = true): Promise<void> => {
    try {
      const { revision } = await restoreRevision(scriptId, number);
      await refresh();
      if (revision === newest) return void toast("The files are already those of that revision");
      toast(undo ? `Revision ${number} is back, as revision ${revision}` : `Revision ${number} is back`, {
        duration: 12_000,
        ...(undo ? { action: { label: "Undo", onClick: () => void restore(newest, false) } } : {}),
      });
    } catch (error) {
      toastError(error, "The files are as they were.");
    }
  };
  const label = async (number: number, text: string): Promise<boolean> => {
    try {
      await labelRevision(scriptId, number, text.trim() || null);
      await refresh();
      return true;
    } catch (error) {
      toastError(error, "The label is as it was.");
      return false;
    }
  };
  return { restore, label };
}
