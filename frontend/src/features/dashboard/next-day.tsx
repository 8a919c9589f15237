// What the schedules will start within a day.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Panel, SkeletonRows } from "~/components/ui/panel";
import { FireTime } from "~/features/schedules/fire-time";
import { schedulesQuery } from "~/features/schedules/requests";
import { upcoming } from "~/features/schedules/upcoming";
import { titleOf } from "~/features/schedules/words";

const SHOWN = 8;

export function NextDay() {
  const { data } = useInfiniteQuery(schedulesQuery());
  const schedules = data?.pages.flatMap((page) => page.items) ?? [];
  const paused = data?.pages[0]?.paused ?? false;
  const fires = upcoming(schedules, new Date(), 24);
  return (
    <Panel
      title="Next 24 hours"
      data-testid="next-day"
      actions={
        <Link to="/scheduler" search={{ view: "calendar" }} className="rounded-sm text-ink-3 text-sm hover:text-ink">
          Calendar
        </Link>
      }
    >
      {paused ? (
        <p className="px-4 py-3.5 text-skip text-sm">All schedules are paused.</p>
      ) : data && fires.length === 0 ? (
        <p className="px-4 py-3.5 text-ink-3 text-sm">
          {schedules.length === 0 ? (
            <>
              Nothing is scheduled.{" "}
              <Link to="/scheduler" search={{ open: "new" }} className="rounded-sm text-accent-ink hover:underline">
                Add a schedule
              </Link>
            </>
          ) : (
            "No schedule has a time in it."
          )}
        </p>
      ) : null}
      {data ? null : <SkeletonRows rows={3} height={44} />}
      <ul>
        {fires.slice(0, SHOWN).map(({ schedule, fire }) => (
          <li
            key={schedule.id}
            className="relative flex min-h-11 items-center gap-3 border-line border-b px-4 py-1.5 text-sm last:border-b-0 hover:bg-hover"
          >
            <Link
              to="/scheduler"
              search={{ schedule: schedule.id }}
              className="min-w-0 flex-1 rounded-sm after:absolute after:inset-0"
            >
              <span className="truncate-line block font-medium">{schedule.script_name}</span>
              <span className="truncate-line block text-ink-3">{titleOf(schedule)}</span>
            </Link>
            <span className="relative z-10 shrink-0 text-ink-2">
              <FireTime fire={fire} when={schedule.when} />
            </span>
          </li>
        ))}
      </ul>
      {fires.length > SHOWN ? (
        <p className="border-line border-t px-4 py-2 text-ink-3 text-sm">and {fires.length - SHOWN} more</p>
      ) : null}
    </Panel>
  );
}
