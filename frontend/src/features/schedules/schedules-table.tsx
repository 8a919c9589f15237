// Schedules as rows: does it fire, of which script, when, what is next, how the last run went, what is odd about it.
// The whole row opens the schedule. On a phone each row has all of it in lines.
import { Link } from "@tanstack/react-router";
import { TriangleAlert } from "lucide-react";
import { StateMark } from "~/components/ui/state-mark";
import { RelativeTime } from "~/components/ui/time";
import { cn } from "~/lib/cn";
import type { LastRun, Schedule } from "./contract";
import { FireTime } from "./fire-time";
import { ScheduleMenu } from "./schedule-menu";
import { StatusMark } from "./status-mark";
import { expressionOf, titleOf } from "./words";
import { momentIn, viewerZone } from "./zoned";

interface SchedulesTableProps {
  schedules: readonly Schedule[];
  pausedAll: boolean;
  onEdit: (schedule: Schedule) => void;
  /** Where every row is of the same script, its name says nothing. */
  hideScript?: boolean;
}

export function SchedulesTable({ schedules, pausedAll, onEdit, hideScript = false }: SchedulesTableProps) {
  return (
    <table className="w-full table-fixed text-sm">
      <colgroup>
        <col className="w-10 md:w-34" />
        <col />
        <col className="w-0 md:w-[22%]" />
        <col className="w-0 md:w-28" />
        <col className="w-0 md:w-36" />
        <col className="w-20" />
      </colgroup>
      <thead className="text-ink-3 text-xs max-md:sr-only">
        <tr className="border-line border-b text-left [&>th]:h-8 [&>th]:font-medium">
          <th className="pl-4">State</th>
          <th>Schedule</th>
          <th>When</th>
          <th>Next</th>
          <th>Last run</th>
          <th className="pr-3">
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {schedules.map((schedule) => (
          <ScheduleRow
            key={schedule.id}
            schedule={schedule}
            pausedAll={pausedAll}
            onEdit={() => onEdit(schedule)}
            hideScript={hideScript}
          />
        ))}
      </tbody>
    </table>
  );
}

interface ScheduleRowProps {
  schedule: Schedule;
  pausedAll: boolean;
  onEdit: () => void;
  hideScript: boolean;
}

function ScheduleRow({ schedule, pausedAll, onEdit, hideScript }: ScheduleRowProps) {
  const title = titleOf(schedule);
  const words = [
    hideScript ? null : title,
    schedule.name && schedule.when.kind === "cron" ? schedule.description : null,
  ]
    .filter(Boolean)
    .join(" · ");
  const dim = schedule.done || !schedule.enabled;
  return (
    <tr className="relative border-line border-b align-top last:border-b-0 hover:bg-hover [&>td]:py-2.5">
      <td className="pl-4">
        <span className="relative z-10 max-md:hidden">
          <StatusMark schedule={schedule} pausedAll={pausedAll} />
        </span>
        <span className="relative z-10 md:hidden">
          <StatusMark schedule={schedule} pausedAll={pausedAll} bare />
        </span>
      </td>
      <td className="pr-4">
        <button
          type="button"
          onClick={onEdit}
          className={cn(
            "truncate-line block max-w-full rounded-sm text-left font-medium after:absolute after:inset-0",
            dim && "text-ink-2",
          )}
        >
          {hideScript ? title : schedule.script_name}
        </button>
        {words ? <p className="truncate-line text-ink-3 max-md:whitespace-normal">{words}</p> : null}
        {schedule.remark ? (
          <p className="mt-0.5 flex gap-1.5 text-skip">
            <TriangleAlert aria-hidden className="mt-[3px] size-3.5 shrink-0" />
            <span className="min-w-0">{schedule.remark}</span>
          </p>
        ) : null}
        <div className="mt-1.5 grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5 md:hidden">
          <span className="text-ink-3">When</span>
          <Time schedule={schedule} />
          <span className="text-ink-3">Next</span>
          <Next schedule={schedule} />
          <span className="text-ink-3">Last</span>
          <Last run={schedule.last ?? null} />
        </div>
      </td>
      <td className="pr-4 max-md:[&>*]:hidden">
        <Time schedule={schedule} />
      </td>
      <td className="pr-3 max-md:[&>*]:hidden">
        <Next schedule={schedule} />
      </td>
      <td className="pr-3 max-md:[&>*]:hidden">
        <Last run={schedule.last ?? null} />
      </td>
      <td className="pr-3">
        <span className="relative z-10 -my-1 flex justify-end gap-0.5">
          <ScheduleMenu schedule={schedule} onEdit={onEdit} />
        </span>
      </td>
    </tr>
  );
}

function Time({ schedule: { when } }: { schedule: Schedule }) {
  const own = viewerZone();
  return (
    <span className="block min-w-0">
      <span className="num block truncate-line text-ink">
        {when.kind === "cron" ? expressionOf(when) : momentIn(when.at, own)}
      </span>
      <span className="block truncate-line text-ink-3">{when.kind === "cron" ? when.zone : own}</span>
    </span>
  );
}

function Next({ schedule }: { schedule: Schedule }) {
  const [first] = schedule.next;
  if (!first) return <span className="text-ink-3">–</span>;
  return (
    <span className="relative z-10 justify-self-start">
      <FireTime fire={first} when={schedule.when} />
    </span>
  );
}

function Last({ run }: { run: LastRun | null }) {
  if (!run) return <span className="text-ink-3">Never</span>;
  const mark = run.state === "finished" ? (run.outcome_kind ?? "lost") : run.state;
  return (
    <Link
      to="/runs/$runId"
      params={{ runId: run.run_id }}
      className="relative z-10 inline-flex items-center gap-2 justify-self-start rounded-sm text-ink-2 hover:text-ink hover:underline"
    >
      <StateMark mark={mark} /> <RelativeTime at={run.finished_at ?? run.started_at ?? run.slot} />
    </Link>
  );
}
