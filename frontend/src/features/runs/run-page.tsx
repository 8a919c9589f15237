// One run: how it ended and why, the facts, the log.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Download, Play, Square } from "lucide-react";
import type { ReactNode } from "react";
import { logUrl } from "~/api/commands";
import { runQuery } from "~/api/queries";
import { isActive, type Run } from "~/api/types";
import { Button, buttonClass } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Menu, MenuItem } from "~/components/ui/menu";
import { Skeleton } from "~/components/ui/panel";
import { markOf, markTone, StateMark } from "~/components/ui/state-mark";
import { Duration } from "~/components/ui/time";
import { LogViewer } from "~/features/logs/log-viewer";
import { useRunLog } from "~/features/logs/use-run-log";
import { cn } from "~/lib/cn";
import { formatBytes } from "~/lib/format";
import { useStartRun, useStopRun } from "./actions";
import { advice, headline, lastErrorLine, runTitle } from "./describe";
import { RunFacts } from "./run-facts";

export function RunPage() {
  const { runId } = useParams({ from: "/runs/$runId" });
  const query = useQuery(runQuery(runId));
  const log = useRunLog(query.data);
  if (query.error && !query.data)
    return (
      <div className="p-6">
        <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      </div>
    );
  const run = query.data;
  return (
    <div className="flex h-full min-h-[480px] flex-col">
      {run ? <RunHeader run={run} /> : <RunHeaderSkeleton />}
      {run && log ? (
        <LogViewer log={log} run={run} className="flex-1" toolbar={<LogTools run={run} />} />
      ) : (
        <div className="flex-1 bg-sunken" />
      )}
    </div>
  );
}

function RunHeader({ run }: { run: Run }) {
  const mark = markOf(run);
  const navigate = useNavigate();
  const start = useStartRun();
  const stop = useStopRun();
  const again = () =>
    start.mutate(
      { scriptId: run.script_id, args: run.args, env: run.env },
      { onSuccess: (next) => void navigate({ to: "/runs/$runId", params: { runId: next.id } }) },
    );
  return (
    <header className="shrink-0 border-line border-b px-4 pt-4 pb-3 sm:px-6">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-3">
        <div className="min-w-0 flex-1 basis-80">
          <h1 className="flex items-center gap-2.5 text-xl font-semibold tracking-[-0.012em]">
            <StateMark mark={mark} size={18} className={markTone(mark)} />
            <span data-testid="outcome">{headline(run)}</span>
            {isActive(run) && run.started_at ? (
              <span className="text-base font-normal text-ink-3">
                <Duration from={run.started_at} to={null} />
              </span>
            ) : null}
          </h1>
          <Explanation run={run} />
        </div>
        <div className="flex items-center gap-2">
          {isActive(run) ? (
            <Button
              look="danger"
              busy={stop.isPending || run.state === "stopping"}
              disabled={run.state === "collecting"}
              onClick={() => stop.mutate(run.id)}
            >
              <Square aria-hidden /> {run.state === "queued" ? "Take out of the queue" : "Stop"}
            </Button>
          ) : null}
          {run.kind === "script" ? (
            <Button busy={start.isPending} onClick={again}>
              <Play aria-hidden /> Run again
            </Button>
          ) : null}
        </div>
      </div>
      <RunFacts run={run} />
    </header>
  );
}

/** Why it ended as it did, the line to look at, and what may be done. */
function Explanation({ run }: { run: Run }) {
  const { outcome } = run;
  const line = lastErrorLine(outcome);
  const error = line && outcome?.message.includes(line) ? null : line;
  const step = advice(outcome);
  const build = (outcome?.kind === "environment_failed" ? outcome.build_run_id : null) ?? null;
  const parts: ReactNode[] = [];
  if (run.state === "queued" && run.wait_reason) parts.push(run.wait_reason.message);
  if (outcome && outcome.message !== headline(run)) parts.push(outcome.message);
  if (step) parts.push(step);
  return (
    <div className="mt-1 text-sm text-ink-2">
      {parts.length > 0 ? <p className="max-w-3xl">{parts.join(" ")}</p> : null}
      {error ? (
        <p className="mt-1.5 inline-block max-w-full break-words rounded-sm bg-fail/8 px-2 py-0.5 font-mono text-[12.5px] text-fail">
          {error}
        </p>
      ) : null}
      {build ? (
        <Link to="/runs/$runId" params={{ runId: build }} className={cn(buttonClass("plain", "sm"), "mt-2")}>
          Open the build
        </Link>
      ) : null}
      {parts.length > 0 ? null : (
        <p>
          {runTitle(run)} of {run.script_name}
        </p>
      )}
    </div>
  );
}

function LogTools({ run }: { run: Run }) {
  const { log } = run;
  return (
    <>
      <span className="pl-2 text-sm font-medium">Log</span>
      <Menu
        align="start"
        trigger={
          <Button look="quiet" size="sm">
            <Download aria-hidden /> Download
          </Button>
        }
      >
        <MenuItem asChild>
          <a href={logUrl(run.id, { format: "text" })} download={`run-${run.number}.log`}>
            Both streams
          </a>
        </MenuItem>
        {(["stdout", "stderr"] as const).map((stream) => (
          <MenuItem asChild key={stream}>
            <a href={logUrl(run.id, { format: "raw", stream })} download={`run-${run.number}.${stream}`}>
              {stream}, the exact bytes
              {log ? (
                <span className="num ml-auto pl-4 text-ink-3">
                  {formatBytes(stream === "stdout" ? log.stdout_bytes : log.stderr_bytes)}
                </span>
              ) : null}
            </a>
          </MenuItem>
        ))}
      </Menu>
    </>
  );
}

const RunHeaderSkeleton = () => (
  <header className="h-[132px] border-line border-b px-6 pt-5">
    <Skeleton className="h-6 w-56" />
    <Skeleton className="mt-3 h-4 w-96 max-w-full" />
    <Skeleton className="mt-4 h-4 w-2/3" />
  </header>
);
