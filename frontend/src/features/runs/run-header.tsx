// What stays above every tab of a run: how it is or ended and why, what can be done, the facts in one strip.
import { useNavigate } from "@tanstack/react-router";
import { Play, Square } from "lucide-react";
import { isActive, type Run } from "~/api/types";
import { Button } from "~/components/ui/button";
import { Skeleton } from "~/components/ui/panel";
import { markOf, markTone, StateMark } from "~/components/ui/state-mark";
import { Duration } from "~/components/ui/time";
import { cn } from "~/lib/cn";
import { useStartRun, useStopRun } from "./actions";
import { ChangesPanel, isCompared } from "./changes-panel";
import { headline } from "./describe";
import { Explanation } from "./explanation";
import { KeepButton } from "./keep-button";
import { RunFacts } from "./run-facts";
import { Waiting } from "./waiting";

export function RunHeader({ run }: { run: Run }) {
  const mark = markOf(run);
  const ticking = run.state === "queued" ? run.queued_at : run.started_at;
  const compared = isCompared(run);
  return (
    <header className="shrink-0 px-4 pt-4 pb-3 sm:px-6">
      <div
        className={cn(
          "grid items-start gap-x-6 gap-y-3",
          compared ? "lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]" : "sm:grid-cols-[minmax(0,1fr)_auto]",
        )}
      >
        <div className="min-w-0">
          <h1 className="flex items-center gap-2.5 text-xl font-semibold tracking-[-0.012em]">
            <StateMark mark={mark} size={18} className={markTone(mark)} />
            <span data-testid="outcome">{headline(run)}</span>
            {isActive(run) && ticking ? (
              <span className="text-base font-normal text-ink-3">
                <Duration from={ticking} to={null} />
              </span>
            ) : null}
          </h1>
          <Explanation run={run} />
        </div>
        <div className="flex min-w-0 flex-col gap-3 empty:hidden">
          <RunActions run={run} />
          {compared ? <ChangesPanel run={run} /> : null}
        </div>
      </div>
      {run.state === "queued" ? <Waiting run={run} /> : null}
      <RunFacts run={run} />
    </header>
  );
}

function RunActions({ run }: { run: Run }) {
  const navigate = useNavigate();
  const start = useStartRun();
  const stop = useStopRun();
  const again = () =>
    start.mutate(
      { scriptId: run.script_id, args: run.args, env: run.env },
      { onSuccess: (next) => void navigate({ to: "/runs/$runId", params: { runId: next.id } }) },
    );
  if (run.state === "queued") return null;
  return (
    <div className="flex min-h-8 items-center gap-2 sm:justify-end">
      {isActive(run) ? (
        <Button
          look="danger"
          busy={stop.isPending || run.state === "stopping"}
          disabled={run.state === "collecting"}
          onClick={() => stop.mutate(run.id)}
        >
          <Square aria-hidden /> Stop
        </Button>
      ) : null}
      <KeepButton run={run} />
      {run.kind === "script" ? (
        <Button busy={start.isPending} onClick={again}>
          <Play aria-hidden /> Run again
        </Button>
      ) : null}
    </div>
  );
}

export const RunHeaderSkeleton = () => (
  <header className="h-[132px] shrink-0 px-6 pt-5">
    <Skeleton className="h-6 w-56" />
    <Skeleton className="mt-3 h-4 w-96 max-w-full" />
    <Skeleton className="mt-4 h-4 w-2/3" />
  </header>
);
