// The last line of a log: how the run ended, or what it waits for.
import type { Run } from "~/api/types";
import { markOf, markTone, StateMark } from "~/components/ui/state-mark";
import { cn } from "~/lib/cn";
import { formatBytes, formatDuration } from "~/lib/format";
import type { LogStream } from "./contract";
import type { LogStatus } from "./log-socket";

interface LogEndProps {
  run: Run;
  status: LogStatus;
  empty: boolean;
  /** It could not be read; that is said elsewhere. */
  failed: boolean;
  /** The stream that is looked at alone. */
  stream: LogStream | null;
}

export function LogEnd({ run, status, empty, failed, stream }: LogEndProps) {
  const row = "sticky left-0 flex max-w-[100cqw] flex-wrap items-center gap-x-2 py-1 pl-4 pr-4 font-sans text-sm";
  // A run may be over before its last lines are here; its end is shown after them.
  if (run.state === "finished" && status === "ended") {
    const mark = markOf(run);
    const took = run.started_at && run.finished_at ? Date.parse(run.finished_at) - Date.parse(run.started_at) : null;
    return (
      <div className={cn(row, "mt-1 border-line border-t")} data-testid="log-end">
        <StateMark mark={mark} />
        <span className={markTone(mark)}>{run.outcome?.message ?? "Finished"}</span>
        {took === null ? null : (
          <span className="num ml-auto whitespace-nowrap text-ink-3">{formatDuration(took)}</span>
        )}
        {empty && run.left_behind?.includes("log") ? (
          <span className="basis-full text-ink-3">
            Its log is not in the backup from which this instance was restored.
          </span>
        ) : null}
        {(run.log?.dropped_bytes ?? 0) > 0 ? (
          <span className="text-skip">{formatBytes(run.log?.dropped_bytes ?? 0)} skipped at the log's cap</span>
        ) : null}
      </div>
    );
  }
  if (failed) return null;
  const words = waiting(run, status, empty, stream);
  return words ? <div className={cn(row, "text-ink-3")}>{words}</div> : null;
}

function waiting(run: Run, status: LogStatus, empty: boolean, stream: LogStream | null): string | null {
  if (run.state === "queued") return run.wait_reason?.message ?? "Waiting for its turn";
  if (run.state === "starting") return "Starting the container";
  if (run.state === "stopping") return "Stopping";
  if (run.state === "collecting") return "Collecting the last lines";
  if (run.state === "finished" || status === "connecting") return "Reading the log";
  if (!empty) return null;
  if (stream === "system") return "No notices of the system yet";
  return stream ? `Nothing on ${stream} yet` : "Nothing printed yet";
}
