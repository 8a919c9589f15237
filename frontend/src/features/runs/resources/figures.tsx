// What was counted of a run, as figures; those that nobody counted are left out.
import type { ReactNode } from "react";
import type { Run } from "~/api/types";
import { Tooltip } from "~/components/ui/tooltip";
import { cn } from "~/lib/cn";
import { formatBytes, formatDuration } from "~/lib/format";
import type { Summary } from "./samples";

interface FiguresProps {
  run: Run;
  summary: Summary | null;
  percent: (share: number) => string;
  cpuWords: string;
  memoryLimit: number;
}

export function Figures({ run, summary, percent, cpuWords, memoryLimit }: FiguresProps) {
  const usage = run.usage ?? null;
  const peak = run.peak_memory_bytes ?? summary?.peakMemory;
  const cpuMs = run.cpu_ms ?? summary?.cpuMs;
  const pids = usage?.peak_pids ?? summary?.peakPids;
  const refused = usage?.pids_refused ?? 0;
  const throttled = usage?.cpu_throttled_ms ?? 0;
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-md border border-line bg-line sm:grid-cols-3 lg:grid-cols-6">
      <Figure name="Peak memory" note={`of ${formatBytes(memoryLimit)}`} bad={peak != null && peak > memoryLimit * 0.9}>
        {peak == null ? null : formatBytes(peak)}
      </Figure>
      <Figure name="Average CPU" note={`of ${cpuWords}`}>
        {summary ? percent(summary.averageCpu) : null}
      </Figure>
      <Figure name="CPU time" note={summary ? `peak ${percent(summary.peakCpu)}` : ""}>
        {cpuMs == null ? null : formatDuration(cpuMs)}
      </Figure>
      <Figure
        name="Held back"
        why="Time in which it wanted to run and was held back by the CPU limit."
        note="by the CPU limit"
      >
        {usage?.cpu_throttled_ms == null ? null : throttled === 0 ? "never" : formatDuration(throttled)}
      </Figure>
      <Figure
        name="Processes"
        why="Most processes and threads at once."
        note={refused > 0 ? `${refused.toLocaleString("en")} refused at ${run.limits.pids}` : `of ${run.limits.pids}`}
        bad={refused > 0}
      >
        {pids == null ? null : pids.toLocaleString("en")}
      </Figure>
      <Figure name="Peak of /tmp" note={`of ${formatBytes(run.limits.tmp_bytes)}`} why="It counts as memory.">
        {usage?.tmp_peak_bytes == null ? null : formatBytes(usage.tmp_peak_bytes)}
      </Figure>
    </dl>
  );
}

interface FigureProps {
  name: string;
  note: string;
  why?: string;
  bad?: boolean;
  children: ReactNode;
}

function Figure({ name, note, why, bad, children }: FigureProps) {
  const label = <dt className="w-fit text-ink-3 text-sm">{name}</dt>;
  return (
    <div className="min-w-0 bg-panel px-4 py-3">
      {why ? <Tooltip content={why}>{label}</Tooltip> : label}
      <dd>
        <span className={cn("num block text-lg", bad && "text-fail")}>
          {children ?? <span className="text-ink-3">–</span>}
        </span>
        <span className="block truncate-line text-ink-3 text-xs">{note}</span>
      </dd>
    </div>
  );
}
