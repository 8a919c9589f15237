// Starting, stopping, repeating, keeping and deleting runs, with what the query cache must learn from it.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { deleteRun, keepRun, startRun, stopRun } from "~/api/commands";
import { newerRun, type RunPages, replaceRun } from "~/api/queries";
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

export function useKeepRun() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, kept }: { id: string; kept: boolean }) => keepRun(id, kept),
    onSuccess: (run) => {
      queryClient.setQueryData<Run>(["run", run.id], (known) => newerRun(known, run));
      queryClient.setQueriesData<RunPages>({ queryKey: ["runs"] }, (data) => replaceRun(data, run));
      void queryClient.invalidateQueries({ queryKey: ["runs"] });
      void queryClient.invalidateQueries({ queryKey: ["run-totals"] });
      toast(run.kept ? `Run ${run.number} is kept` : `Run ${run.number} is kept no longer than others`);
    },
    onError: (error, { kept }) => toastError(error, kept ? "It is not kept yet." : "It is still kept."),
  });
}

export function useDeleteRun() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (run: Run) => deleteRun(run.id),
    onSuccess: (_, run) => {
      for (const key of ["runs", "run-totals", "dashboard", "scripts"])
        void queryClient.invalidateQueries({ queryKey: [key] });
      void queryClient.invalidateQueries({ queryKey: ["script", run.script_id], exact: true });
      toast(`Run ${run.number} is deleted`);
    },
    onError: (error, run) => toastError(error, `Run ${run.number} was not deleted.`),
  });
}
