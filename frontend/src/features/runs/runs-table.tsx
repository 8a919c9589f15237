// Runs as rows: outcome, script, trigger, started, took, peak, message. The whole row leads to the run. On a phone
// each row becomes two lines.
import { Link } from "@tanstack/react-router";
import { Package } from "lucide-react";
import type { Run } from "~/api/types";
import { markOf, StateMark } from "~/components/ui/state-mark";
import { Bytes, Duration, RelativeTime } from "~/components/ui/time";
import { cn } from "~/lib/cn";
import { gist, runTitle, triggerWord } from "./describe";

interface RunsTableProps {
  runs: readonly Run[];
  /** Where every row is of the same script, its name says nothing. */
  hideScript?: boolean;
  compact?: boolean;
}

export function RunsTable({ runs, hideScript, compact }: RunsTableProps) {
  return (
    <table className="w-full table-fixed text-sm">
      <colgroup>
        <col className="w-10" />
        <col className={hideScript ? "sm:w-28" : "sm:w-[32%]"} />
        <col className="w-0 sm:w-auto" />
        {compact ? null : <col className="w-0 lg:w-36" />}
        {compact ? null : <col className="w-0 lg:w-24" />}
        <col className="w-0 sm:w-24" />
        <col className="w-28" />
      </colgroup>
      <thead className={cn("text-ink-3 text-xs", compact ? "sr-only" : "max-sm:sr-only")}>
        <tr className="border-line border-b text-left [&>th]:h-8 [&>th]:overflow-hidden [&>th]:font-medium">
          <th className="pl-4">
            <span className="sr-only">Outcome</span>
          </th>
          <th>{hideScript ? "Run" : "Script"}</th>
          <th>Outcome</th>
          {compact ? null : <th>Trigger</th>}
          {compact ? null : <th className="text-right">Peak</th>}
          <th className="text-right">Took</th>
          <th className="pr-4 text-right">Queued</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow key={run.id} run={run} hideScript={hideScript ?? false} compact={compact ?? false} />
        ))}
      </tbody>
    </table>
  );
}

function RunRow({ run, hideScript, compact }: { run: Run; hideScript: boolean; compact: boolean }) {
  const detail = gist(run);
  return (
    <tr className="group relative h-10 border-line max-sm:h-14 border-b last:border-b-0 hover:bg-hover">
      <td className="pl-4">
        <StateMark mark={markOf(run)} className="flex" />
      </td>
      <td className="truncate-line pr-3">
        <Link
          to="/runs/$runId"
          params={{ runId: run.id }}
          className="rounded-sm font-medium text-ink after:absolute after:inset-0 focus-visible:outline-offset-2"
        >
          {hideScript ? runTitle(run) : run.script_name}
        </Link>
        {hideScript ? null : (
          <span className="num ml-2 text-ink-3">
            {run.kind === "script" ? null : (
              <Package
                aria-label={run.kind === "build" ? "Build" : "Compilation"}
                className="-mt-0.5 mr-1 inline size-3"
              />
            )}
            #{run.number}
          </span>
        )}
        <span className="truncate-line block text-ink-3 sm:hidden">{detail}</span>
      </td>
      <td className="truncate-line pr-3 text-ink-2 max-sm:[&>*]:hidden">
        <span>{detail}</span>
      </td>
      {compact ? null : (
        <td className="truncate-line pr-3 text-ink-3 max-lg:[&>*]:hidden">
          <span>{triggerWord(run.trigger)}</span>
        </td>
      )}
      {compact ? null : (
        <td className="text-right text-ink-2 max-lg:[&>*]:hidden">
          <Bytes value={run.peak_memory_bytes} />
        </td>
      )}
      <td className="text-right text-ink-2 max-sm:[&>*]:hidden">
        <Duration from={run.started_at} to={run.finished_at} />
      </td>
      <td className="relative z-10 pr-4 text-right text-ink-3">
        <RelativeTime at={run.queued_at} />
      </td>
    </tr>
  );
}
