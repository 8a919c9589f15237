// The schedule that the address names, in its dialog. It need not be in the list.
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { toastError } from "~/components/ui/error-notice";
import { scheduleQuery } from "./requests";
import { ScheduleDialog } from "./schedule-dialog";

export function EditById({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error } = useQuery(scheduleQuery(id));
  useEffect(() => {
    if (!error) return;
    toastError(error, "The schedule cannot be shown.");
    onClose();
  }, [error, onClose]);
  return data ? <ScheduleDialog key={data.id} schedule={data} onClose={onClose} /> : null;
}
