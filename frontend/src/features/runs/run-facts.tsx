// What is recorded of a run, in one strip: each fact under its name, numbers lining up.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Run } from "~/api/types";
import { Bytes, Duration, RelativeTime } from "~/components/ui/time";
import { Tooltip } from "~/components/ui/tooltip";
import { formatBytes, formatDuration } from "~/lib/format";
import { runTitle, signalName, triggerWord } from "./describe";

export function RunFacts({ run }: { run: Run }) {
  return (
    <dl className="mt-3 flex flex-wrap gap-x-7 gap-y-2 text-sm">
      <Fact name="Script">
        <Link
          to="/scripts/$scriptId/code"
          params={{ scriptId: run.script_id }}
          className="rounded-sm text-accent-ink hover:underline"
        >
          {run.script_name}
        </Link>
      </Fact>
      <Fact name="Run">
        <span className="num">{runTitle(run)}</span>
      </Fact>
      <Fact name="Trigger">{triggerWord(run.trigger)}</Fact>
      {run.revision == null ? null : (
        <Fact name="Revision" why="The saved state of the script's files that ran.">
          <span className="num">{run.revision}</span>
        </Fact>
      )}
      <Fact name="Queued">
        <RelativeTime at={run.queued_at} />
      </Fact>
      {run.started_at ? (
        <Fact name="Waited" why="From being asked for to the container's start.">
          <Duration from={run.queued_at} to={run.started_at} />
        </Fact>
      ) : null}
      <Fact name="Took">
        <Duration from={run.started_at} to={run.finished_at} />
      </Fact>
      {run.exit_code == null ? null : (
        <Fact name="Exit">
          <span className="num">{run.exit_code}</span>
        </Fact>
      )}
      {run.signal == null ? null : (
        <Fact name="Signal">
          <span className="num">{signalName(run.signal)}</span>
        </Fact>
      )}
      <Fact name="Peak memory" why="The most memory it held at once, against its limit.">
        {run.peak_memory_bytes == null ? (
          <span className="text-ink-3">
            limit <Bytes value={run.limits.memory_bytes} />
          </span>
        ) : (
          <Peak peak={run.peak_memory_bytes} limit={run.limits.memory_bytes} />
        )}
      </Fact>
      {run.cpu_ms == null ? null : (
        <Fact name="CPU time">
          <span className="num">{formatDuration(run.cpu_ms)}</span>
        </Fact>
      )}
      <Fact name="Image" why={run.image_digest ?? "The image the container was made from."}>
        <span className="num">{run.image}</span>
      </Fact>
      {run.args.length > 0 ? (
        <Fact name="Arguments">
          <span className="num break-all">{run.args.join(" ")}</span>
        </Fact>
      ) : null}
    </dl>
  );
}

function Fact({ name, why, children }: { name: string; why?: string; children: ReactNode }) {
  const label = <dt className="text-ink-3 text-xs">{name}</dt>;
  return (
    <div className="min-w-0">
      {why ? <Tooltip content={why}>{label}</Tooltip> : label}
      <dd className="text-ink">{children}</dd>
    </div>
  );
}

function Peak({ peak, limit }: { peak: number; limit: number }) {
  const share = Math.min(1, peak / limit);
  return (
    <span className="inline-flex items-center gap-2">
      <span className="num whitespace-nowrap">
        {formatBytes(peak)} <span className="text-ink-3">of {formatBytes(limit)}</span>
      </span>
      <span aria-hidden className="h-1 w-12 overflow-hidden rounded-full bg-selected">
        <span
          className={share > 0.9 ? "block h-full bg-fail" : "block h-full bg-ink-3"}
          style={{ width: `${Math.max(3, share * 100)}%` }}
        />
      </span>
    </span>
  );
}
