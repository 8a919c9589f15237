// What can be done with one schedule.
import { Link } from "@tanstack/react-router";
import { MoreHorizontal, Pause, Pencil, Play, Rows3, Trash2 } from "lucide-react";
import { useState } from "react";
import { IconButton } from "~/components/ui/button";
import { ConfirmDialog } from "~/components/ui/confirm-dialog";
import { Menu, MenuItem, MenuSeparator } from "~/components/ui/menu";
import type { Schedule } from "./contract";
import { useScheduleActs } from "./use-schedules";
import { titleOf } from "./words";

interface ScheduleMenuProps {
  schedule: Schedule;
  onEdit: () => void;
}

export function ScheduleMenu({ schedule, onEdit }: ScheduleMenuProps) {
  const { switchTo, runNow, remove } = useScheduleActs();
  const [deleting, setDeleting] = useState(false);
  const title = titleOf(schedule);
  const name = `${title} of ${schedule.script_name}`;
  return (
    <>
      <IconButton label={`Run ${name} now`} disabled={runNow.isPending} onClick={() => runNow.mutate(schedule)}>
        <Play />
      </IconButton>
      <Menu
        trigger={
          <button
            type="button"
            aria-label={`More for ${name}`}
            className="inline-flex size-7 items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink"
          >
            <MoreHorizontal aria-hidden className="size-4" />
          </button>
        }
      >
        <MenuItem onSelect={onEdit}>
          <Pencil aria-hidden /> Edit
        </MenuItem>
        <MenuItem onSelect={() => runNow.mutate(schedule)}>
          <Play aria-hidden /> Run now
        </MenuItem>
        {schedule.done ? null : (
          <MenuItem onSelect={() => switchTo.mutate({ schedule, enabled: !schedule.enabled })}>
            {schedule.enabled ? <Pause aria-hidden /> : <Play aria-hidden />}
            {schedule.enabled ? "Pause" : "Resume"}
          </MenuItem>
        )}
        <MenuItem asChild>
          <Link to="/runs" search={{ schedule: schedule.id }}>
            <Rows3 aria-hidden /> Its runs
          </Link>
        </MenuItem>
        <MenuSeparator />
        <MenuItem danger onSelect={() => setDeleting(true)}>
          <Trash2 aria-hidden /> Delete…
        </MenuItem>
      </Menu>
      <ConfirmDialog
        open={deleting}
        onClose={() => setDeleting(false)}
        title="Delete this schedule?"
        description={`“${title}” of ${schedule.script_name} does not fire any more. Its runs and their logs are kept; the schedule itself cannot be brought back. To stop it for a while, pause it.`}
        act="Delete"
        busy={remove.isPending}
        onConfirm={() => remove.mutate(schedule, { onSettled: () => setDeleting(false) })}
      />
    </>
  );
}
