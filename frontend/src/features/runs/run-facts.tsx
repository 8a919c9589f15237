// What is asked first of a run, in one strip: each fact under its name, numbers lining up. The rest is in Details.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Run } from "~/api/types";
import { Meter } from "~/components/ui/meter";
import { Bytes, Duration, RelativeTime } from "~/components/ui/time";
import { Tooltip } from "~/components/ui/tooltip";
import { formatBytes, formatDuration } from "~/lib/format";
import { runTitle, signalName } from "./describe";
import { TriggerFact } from "./trigger-fact";

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
      <Fact name="Trigger">
        <TriggerFact trigger={run.trigger} />
      </Fact>
      {run.revision == null ? null : (
        <Fact name="Revision" why="The saved state of the script's files that ran.">
          <span className="num">{run.revision}</span>
        </Fact>
      )}
      <Fact name="Queued">
        <RelativeTime at={run.queued_at} />
      </Fact>
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
      {run.args.length > 0 ? (
        <Fact name="Arguments">
          <span className="num truncate-line block max-w-80" title={run.args.join(" ")}>
            {run.args.join(" ")}
          </span>
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
  const share = peak / limit;
  return (
    <span className="inline-flex items-center gap-2">
      <span className="num whitespace-nowrap">
        {formatBytes(peak)} <span className="text-ink-3">of {formatBytes(limit)}</span>
      </span>
      <Meter share={share} tone={share > 0.9 ? "bad" : "quiet"} className="w-12" />
    </span>
  );
}
