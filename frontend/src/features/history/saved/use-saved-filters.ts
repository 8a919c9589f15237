import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { SavedFilter } from "../contract";
import { changeFilter, deleteFilter, saveFilter } from "../requests";

/** What can be done with saved filters; the list is read again after each act. Refusals are shown by the caller. */
export function useSavedFilters() {
  const queryClient = useQueryClient();
  const onSuccess = () => queryClient.invalidateQueries({ queryKey: ["saved-filters"] });
  return {
    save: useMutation({ mutationFn: saveFilter, onSuccess }),
    change: useMutation({
      mutationFn: ({ id, ...body }: Pick<SavedFilter, "id"> & Partial<Pick<SavedFilter, "name" | "query">>) =>
        changeFilter(id, body),
      onSuccess,
    }),
    remove: useMutation({ mutationFn: deleteFilter, onSuccess }),
  };
}
