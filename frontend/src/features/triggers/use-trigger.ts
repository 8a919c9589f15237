// What can be done about a script's trigger address. What an answer tells only once is kept for as long as the page is
// open, and nowhere else.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { toastError } from "~/components/ui/error-notice";
import type { Anew, Trigger, TriggerTerms } from "./contract";
import { putTrigger, removeTrigger, rotateTrigger, triggerQuery } from "./requests";

/** What was told once. */
export interface Told {
  path: string | null;
  secret: string | null;
}

const NOTHING: Told = { path: null, secret: null };

export function useTrigger(scriptId: string) {
  const queryClient = useQueryClient();
  const { queryKey } = triggerQuery(scriptId);
  const [told, setTold] = useState(NOTHING);
  const learn = (trigger: Trigger) => {
    const known: Trigger = { ...trigger, url_path: null, secret: null };
    queryClient.setQueryData(queryKey, known);
    setTold((before) => ({ path: trigger.url_path ?? before.path, secret: trigger.secret ?? before.secret }));
  };
  return {
    told,
    make: useMutation({
      mutationFn: () => putTrigger(scriptId, {}),
      onSuccess: learn,
      onError: (error) => toastError(error, "No address was made."),
    }),
    change: useMutation({
      mutationFn: (terms: TriggerTerms) => putTrigger(scriptId, terms),
      onSuccess: learn,
      onError: (error) => toastError(error, "The address stays as it was."),
    }),
    rotate: useMutation({
      mutationFn: (what: Anew) => rotateTrigger(scriptId, what),
      onSuccess: learn,
      onError: (error) => toastError(error, "Address and secret stay as they were."),
    }),
    remove: useMutation({
      mutationFn: () => removeTrigger(scriptId),
      onSuccess: () => {
        queryClient.setQueryData(queryKey, null);
        setTold(NOTHING);
        toast("The address is gone");
      },
      onError: (error) => toastError(error, "The address was not removed."),
    }),
  };
}
