// What can be done about runner images. How far it is comes with the event stream.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { addImage, removeImage, renewImage } from "~/api/commands";

export function useImages() {
  const queryClient = useQueryClient();
  const reread = () => queryClient.invalidateQueries({ queryKey: ["images"] });
  return {
    add: useMutation({ mutationFn: addImage, onSuccess: reread }),
    renew: useMutation({ mutationFn: renewImage, onSuccess: reread }),
    remove: useMutation({ mutationFn: removeImage, onSuccess: reread }),
  };
}
