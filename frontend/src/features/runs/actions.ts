// Starting, stopping and repeating runs, with what the query cache must learn from it.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { startRun, stopRun } from "~/api/commands";
import { newerRun } from "~/api/queries";
import type { Run, RunRequest } from "~/api/types";
import { toastError } from "~/components/ui/error-notice";

export function useStartRun() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ scriptId, ...body }: RunRequest & { scriptId: string }) => startRun(scriptId, body),
    onSuccess: (run) => {
      queryClient.setQueryData<Run>(["run", run.id], (known) => newerRun(known, run));
      void queryClient.invalidateQueries({ queryKey: ["runs"] });
      void queryClient.invalidateQueries({ queryKey: ["dashboard"] });
      void queryClient.invalidateQueries({ queryKey: ["script", run.script_id], exact: true });
    },
    onError: (error) => toastError(error, "No run was started."),
  });
}

export function useStopRun() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: stopRun,
    onSuccess: (run) => {
      // Some servers answer without a body: then the event stream tells.
      if (run?.id) queryClient.setQueryData<Run>(["run", run.id], (known) => newerRun(known, run));
    },
    onError: (error) => toastError(error, "The run goes on."),
  });
}
