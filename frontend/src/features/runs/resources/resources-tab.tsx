// What a run used: memory, CPU and processes over one time axis, against their limits, growing while it runs.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { statsQuery } from "~/api/queries";
import { isActive, type Run } from "~/api/types";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty, Panel, Skeleton } from "~/components/ui/panel";
import { limitText } from "~/features/limits/limits";
import type { RunLog } from "~/features/logs/run-log";
import { formatBytes } from "~/lib/format";
import { useStore } from "~/lib/store";
import { Figures } from "./figures";
import { rightSize } from "./right-size";
import { cpuShares, mergeSamples, summarise } from "./samples";
import { SamplesTable } from "./samples-table";
import { TimeChart } from "./time-chart";

/** While it runs the live socket brings what is new; what it may have missed is read again now and then. */
const REREAD_MS = 300_000;
const TWOS = Array.from({ length: 32 }, (_, power) => 1024 * 2 ** power);
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
const SHARES = [0.05, 0.1, 0.25, 0.5, 1, 2, 5];
const percent = (share: number) => `${share < 0.1 && share > 0 ? (share * 100).toFixed(1) : Math.round(share * 100)} %`;

export default function ResourcesTab({ run, log }: { run: Run; log: RunLog }) {
  const active = isActive(run);
  const started = run.started_at != null;
  const query = useQuery({ ...statsQuery(run.id), enabled: started, refetchInterval: active ? REREAD_MS : false });
  const live = useStore(log.samples);
  const status = useStore(log.status);
  const { refetch } = query;

  // After a loss of the connection, and at the end, there is more than the socket told.
  useEffect(() => {
    if (started && (status === "live" || status === "ended")) void refetch();
  }, [status, started, refetch]);

  const stats = query.data;
  const cpus = stats?.cpus ?? run.limits.cpus;
  const memoryLimit = stats?.memory_limit_bytes ?? run.limits.memory_bytes;
  const samples = useMemo(() => mergeSamples(stats?.samples ?? [], live), [stats, live]);
  const drawn = useMemo(
    () => ({
      xs: samples.map((sample) => sample.elapsed_ms / 1000),
      memory: samples.map((sample) => sample.memory_bytes),
      cpu: cpuShares(samples, cpus),
      pids: samples.map((sample) => sample.pids),
    }),
    [samples, cpus],
  );
  const summary = useMemo(() => summarise(samples, cpus), [samples, cpus]);

  if (!started)
    return (
      <Panel>
        <Empty title={active ? "Nothing to measure yet" : "It never started"}>
          {active
            ? "Memory, CPU and processes are measured from the moment its container runs, and drawn here as it goes."
            : "A run that was not started used nothing."}
        </Empty>
      </Panel>
    );
  const cpuWords = `${limitText("cpus", cpus)} ${cpus === 1 ? "CPU" : "CPUs"}`;
  const syncKey = `run-${run.id}`;
  return (
    <div className="flex flex-col gap-4">
      <Figures run={run} summary={summary} percent={percent} cpuWords={cpuWords} memoryLimit={memoryLimit} />
      <RightSizing run={run} />
      {query.error ? (
        <ErrorNotice error={query.error} unchanged="The run is not affected." onRetry={() => void refetch()} />
      ) : null}
      <Panel aria-label="Over time">
        {summary ? (
          <div className="divide-y divide-line" data-testid="charts">
            <TimeChart
              title="Memory"
              summary={`Memory over time. Peak ${formatBytes(summary.peakMemory)}, average ${formatBytes(Math.round(summary.averageMemory))}, limit ${formatBytes(memoryLimit)}.`}
              xs={drawn.xs}
              ys={drawn.memory}
              look={{
                syncKey,
                height: 200,
                tone: "--run",
                format: (bytes) => formatBytes(Math.round(bytes)),
                steps: TWOS,
                limit: { value: memoryLimit, words: `limit ${formatBytes(memoryLimit)}` },
                markPeak: true,
                stepped: false,
              }}
            />
            <TimeChart
              title={`CPU, of ${cpuWords}`}
              summary={`CPU over time, of ${cpuWords}. Peak ${percent(summary.peakCpu)}, average ${percent(summary.averageCpu)}.`}
              xs={drawn.xs}
              ys={drawn.cpu}
              look={{
                syncKey,
                height: 160,
                tone: "--ok",
                format: percent,
                steps: SHARES,
                limit: { value: 1, words: "limit" },
                markPeak: false,
                stepped: false,
              }}
            />
            <TimeChart
              title="Processes and threads"
              summary={`Processes and threads over time. Most at once ${summary.peakPids}, limit ${run.limits.pids}.`}
              xs={drawn.xs}
              ys={drawn.pids}
              look={{
                syncKey,
                height: 96,
                tone: "--lost",
                format: (count) => String(Math.round(count)),
                steps: WHOLE,
                markPeak: false,
                stepped: true,
              }}
            />
          </div>
        ) : query.isPending ? (
          <div className="h-[568px] p-4">
            <Skeleton className="h-4 w-24" />
          </div>
        ) : (
          <Empty title={active ? "The first measurement is on its way" : "Nothing was measured over time"}>
            {active
              ? null
              : "It was over before the first measurement, or it ran before they were kept. The figures above were counted by the kernel."}
          </Empty>
        )}
      </Panel>
      {samples.length > 0 ? <SamplesTable samples={samples} shares={drawn.cpu} percent={percent} /> : null}
    </div>
  );
}

function RightSizing({ run }: { run: Run }) {
  const size = rightSize(run);
  if (!size) return null;
  return (
    <p className="rounded-md border border-line bg-panel px-4 py-2.5 text-ink-2 text-sm" data-testid="right-size">
      Peak was {formatBytes(size.peak)} of {formatBytes(size.limit)}:{" "}
      <span className="font-medium text-ink">{formatBytes(size.wouldDo)} would do</span>, judged by this run alone.{" "}
      <Link
        to="/scripts/$scriptId/settings"
        params={{ scriptId: run.script_id }}
        search={{ limit: "memory_bytes" }}
        className="rounded-sm text-accent-ink hover:underline"
      >
        Change the limit
      </Link>
    </p>
  );
}
