// Runs as rows: outcome, script, number, message, trigger, exit, peak, took, started. The whole row leads to the run.
// On a phone each row becomes two lines. Where there are acts, a row can be kept, deleted, and chosen to be compared.
import { Link } from "@tanstack/react-router";
import { Package, Star } from "lucide-react";
import type { Run } from "~/api/types";
import { markOf, StateMark } from "~/components/ui/state-mark";
import { Bytes, Duration, RelativeTime } from "~/components/ui/time";
import { cn } from "~/lib/cn";
import { briefTrigger, exitWord, gist, runTitle } from "./describe";
import { KeepStar } from "./keep-button";
import { RunMenu } from "./run-menu";

export interface Selection {
  ids: readonly string[];
  toggle: (run: Run) => void;
}

interface RunsTableProps {
  runs: readonly Run[];
  /** Where every row is of the same script, its name says nothing. */
  hideScript?: boolean;
  /** Only what is asked first, for a place beside other things. */
  compact?: boolean;
  selection?: Selection;
}

export function RunsTable({ runs, hideScript, compact, selection }: RunsTableProps) {
  // On a phone there is room for boxes only once somebody compares.
  const choosing = (selection?.ids.length ?? 0) > 0;
  return (
    <table className="w-full table-fixed text-sm">
      <colgroup>
        {selection ? <col className={choosing ? "w-9" : "w-0 sm:w-9"} /> : null}
        <col className={choosing ? "w-7" : selection ? "w-10 sm:w-7" : "w-10"} />
        <col className={hideScript ? "sm:w-28" : compact ? "sm:w-[32%]" : "sm:w-[23%]"} />
        <col className="w-0 sm:w-auto" />
        {compact ? null : <col className="w-0 xl:w-28" />}
        {compact ? null : <col className="w-0 lg:w-14" />}
        {compact ? null : <col className="w-0 xl:w-24" />}
        <col className="w-0 sm:w-24" />
        <col className={compact ? "w-28" : "w-24"} />
        {compact ? null : <col className="w-10 sm:w-19" />}
      </colgroup>
      <thead className={cn("text-ink-3 text-xs", compact ? "sr-only" : "max-sm:sr-only")}>
        <tr className="border-line border-b text-left [&>th]:h-8 [&>th]:overflow-hidden [&>th]:font-medium">
          {selection ? (
            <th>
              <span className="sr-only">Chosen to be compared</span>
            </th>
          ) : null}
          <th className={selection ? "max-sm:pl-4" : "pl-4"}>
            <span className="sr-only">Outcome</span>
          </th>
          <th>{hideScript ? "Run" : "Script"}</th>
          <th>Outcome</th>
          {compact ? null : <th>Trigger</th>}
          {compact ? null : <th className="text-right">Exit</th>}
          {compact ? null : <th className="text-right">Peak</th>}
          <th className="text-right">Took</th>
          <th className={cn("text-right", compact && "pr-4")}>{compact ? "Queued" : "Started"}</th>
          {compact ? null : (
            <th>
              <span className="sr-only">Acts</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow
            key={run.id}
            run={run}
            hideScript={hideScript ?? false}
            compact={compact ?? false}
            selection={selection}
          />
        ))}
      </tbody>
    </table>
  );
}

interface RunRowProps {
  run: Run;
  hideScript: boolean;
  compact: boolean;
  selection: Selection | undefined;
}

function RunRow({ run, hideScript, compact, selection }: RunRowProps) {
  const detail = gist(run);
  const selected = selection?.ids.includes(run.id) ?? false;
  const choosing = (selection?.ids.length ?? 0) > 0;
  return (
    <tr
      className={cn(
        "group relative h-10 border-line border-b last:border-b-0 hover:bg-hover max-sm:h-14",
        selected && "bg-accent-soft",
      )}
    >
      {selection ? (
        <td className={cn("pl-4", !choosing && "max-sm:p-0 max-sm:[&>*]:hidden")}>
          <input
            type="checkbox"
            aria-label={`Compare run ${run.number} of ${run.script_name}`}
            checked={selected}
            onChange={() => selection.toggle(run)}
            className="relative z-10 block size-3.5 opacity-60 accent-(--accent) checked:opacity-100 focus-visible:opacity-100 group-hover:opacity-100"
          />
        </td>
      ) : null}
      <td className={choosing ? "" : selection ? "max-sm:pl-4" : "pl-4"}>
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
        {run.kept && !compact ? (
          <Star aria-hidden className="ml-1.5 inline size-3 fill-current text-skip sm:hidden" />
        ) : null}
        <span className="truncate-line block text-ink-3 sm:hidden">{detail}</span>
      </td>
      <td className="truncate-line pr-3 text-ink-2 max-sm:[&>*]:hidden">
        <span>{detail}</span>
      </td>
      {compact ? null : (
        <>
          <td className="truncate-line pr-3 text-ink-3 max-xl:[&>*]:hidden">
            <span>{briefTrigger(run.trigger)}</span>
          </td>
          <td className="text-right text-ink-2 max-lg:[&>*]:hidden">
            <span className="num">{exitWord(run)}</span>
          </td>
          <td className="text-right text-ink-2 max-xl:[&>*]:hidden">
            <Bytes value={run.peak_memory_bytes} />
          </td>
        </>
      )}
      <td className="text-right text-ink-2 max-sm:[&>*]:hidden">
        <Duration from={run.started_at} to={run.finished_at} />
      </td>
      <td className={cn("relative z-10 text-right text-ink-3", compact && "pr-4")}>
        <RelativeTime at={compact ? run.queued_at : (run.started_at ?? run.queued_at)} />
      </td>
      {compact ? null : (
        <td className="relative z-10 pr-2 text-right">
          <span className="inline-flex items-center">
            <KeepStar run={run} className="max-sm:hidden" />
            <RunMenu run={run} selected={selected} onSelect={selection ? () => selection.toggle(run) : undefined} />
          </span>
        </td>
      )}
    </tr>
  );
}
