// What can be done about schedules, with what the page must learn from it.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { toast } from "sonner";
import { toastError } from "~/components/ui/error-notice";
import type { NewSchedule, Schedule, SchedulePatch } from "./contract";
import { changeSchedule, createSchedule, deleteSchedule, importCrontab, pauseSchedules, runSchedule } from "./requests";
import { titleOf } from "./words";

function useReread() {
  const queryClient = useQueryClient();
  return () => queryClient.invalidateQueries({ queryKey: ["schedules"] });
}

/** For forms, which show a refusal at its field. */
export function useSaveSchedule(scriptId: string | undefined) {
  const reread = useReread();
  return {
    add: useMutation({
      mutationFn: (terms: NewSchedule) => createSchedule(scriptId ?? "", terms),
      onSuccess: reread,
    }),
    change: useMutation({
      mutationFn: ({ id, patch }: { id: string; patch: SchedulePatch }) => changeSchedule(id, patch),
      onSuccess: reread,
    }),
  };
}

/** For rows and menus, which have no place for a refusal. */
export function useScheduleActs() {
  const reread = useReread();
  const navigate = useNavigate();
  const onSettled = reread;
  return {
    switchTo: useMutation({
      mutationFn: ({ schedule, enabled }: { schedule: Schedule; enabled: boolean }) =>
        changeSchedule(schedule.id, { enabled }),
      onSettled,
      onError: (error) => toastError(error, "The schedule stays as it was."),
    }),
    runNow: useMutation({
      mutationFn: (schedule: Schedule) => runSchedule(schedule.id),
      onSettled,
      onSuccess: (run) =>
        toast(`Run ${run.number} of ${run.script_name} was started`, {
          action: { label: "Open", onClick: () => void navigate({ to: "/runs/$runId", params: { runId: run.id } }) },
        }),
      onError: (error) => toastError(error, "No run was started."),
    }),
    remove: useMutation({
      mutationFn: (schedule: Schedule) => deleteSchedule(schedule.id),
      onSettled,
      onSuccess: (_, schedule) => toast(`“${titleOf(schedule)}” is deleted`, { description: "Its runs are kept." }),
      onError: (error) => toastError(error, "The schedule was not deleted."),
    }),
  };
}

export function usePauseAll() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: pauseSchedules,
    onSettled: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: ["schedules"] }),
        queryClient.invalidateQueries({ queryKey: ["settings"] }),
      ]),
    onError: (error) => toastError(error, "The schedules go on as before."),
  });
}

export function useImportCrontab() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ zone, jobs }: { zone: string; jobs: Parameters<typeof importCrontab>[1] }) =>
      importCrontab(zone, jobs),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ["schedules"] });
      void queryClient.invalidateQueries({ queryKey: ["scripts"] });
      void queryClient.invalidateQueries({ queryKey: ["dashboard"] });
    },
  });
}
