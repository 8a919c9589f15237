// Who waits, and for what.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { runsQuery } from "~/api/queries";
import { IconButton } from "~/components/ui/button";
import { Panel, SkeletonRows } from "~/components/ui/panel";
import { StateMark } from "~/components/ui/state-mark";
import { Duration } from "~/components/ui/time";
import { useStopRun } from "~/features/runs/actions";
import { gist } from "~/features/runs/describe";

const SHOWN = 6;

/** `waiting`: how many there are; undefined while that is not known. */
export function Queue({ waiting }: { waiting: number | undefined }) {
  const some = (waiting ?? 0) > 0;
  const { data } = useInfiniteQuery({ ...runsQuery({ state: "queued" }), enabled: some });
  const stop = useStopRun();
  // Those that wait longest are nearest to their turn.
  const runs = (data?.pages.flatMap((page) => page.items) ?? []).filter((run) => run.state === "queued").reverse();
  return (
    <Panel
      title="Queue"
      data-testid="queue"
      actions={
        some ? (
          <Link to="/runs" search={{ state: "queued" }} className="rounded-sm text-ink-3 text-sm hover:text-ink">
            {waiting} waiting
          </Link>
        ) : null
      }
    >
      {waiting === 0 ? (
        <p className="px-4 py-3.5 text-ink-3 text-sm">Nothing waits.</p>
      ) : runs.length === 0 ? (
        <SkeletonRows rows={Math.min(waiting ?? 1, SHOWN)} height={52} />
      ) : (
        <ul>
          {runs.slice(0, SHOWN).map((run) => (
            <li
              key={run.id}
              className="relative flex min-h-13 items-center gap-3 border-line border-b px-4 py-1.5 text-sm last:border-b-0 hover:bg-hover"
            >
              <StateMark mark="queued" />
              <div className="min-w-0 flex-1">
                <Link
                  to="/runs/$runId"
                  params={{ runId: run.id }}
                  className="truncate-line block rounded-sm font-medium after:absolute after:inset-0"
                >
                  {run.script_name}
                </Link>
                <p className="line-clamp-2 text-ink-3">{gist(run)}</p>
              </div>
              <span className="shrink-0 text-ink-2">
                <Duration from={run.queued_at} to={null} />
              </span>
              <span className="relative z-10">
                <IconButton
                  label={`Take ${run.script_name} out of the queue`}
                  disabled={stop.isPending}
                  onClick={() => stop.mutate(run.id)}
                >
                  <X />
                </IconButton>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
