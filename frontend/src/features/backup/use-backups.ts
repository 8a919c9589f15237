// What can be done about backups. How far it is comes with the event stream.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { cancelBackup, deleteBackup, makeBackup, verifyBackup } from "~/api/commands";

export function useBackups() {
  const queryClient = useQueryClient();
  const onSuccess = () => queryClient.invalidateQueries({ queryKey: ["backups"] });
  return {
    make: useMutation({ mutationFn: makeBackup, onSuccess }),
    verify: useMutation({ mutationFn: verifyBackup, onSuccess }),
    remove: useMutation({ mutationFn: deleteBackup, onSuccess }),
    cancel: useMutation({ mutationFn: cancelBackup, onSuccess }),
  };
}
