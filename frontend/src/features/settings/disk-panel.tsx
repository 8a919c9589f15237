// The disk that holds the data folder: how full it is, and the floor below which no run is started.
import type { System } from "~/api/types";
import { FactRow, Mono } from "~/components/ui/facts";
import { Meter } from "~/components/ui/meter";
import { Panel } from "~/components/ui/panel";
import { formatBytes } from "~/lib/format";

export function DiskPanel({ system }: { system: System }) {
  const disk = system.disk;
  if (!disk)
    return (
      <Panel id="disk" title="Disk">
        <dl>
          <FactRow name="Free">
            <Mono value={formatBytes(system.free_bytes)} />
          </FactRow>
        </dl>
      </Panel>
    );
  const used = Math.max(0, disk.total_bytes - disk.free_bytes);
  const share = disk.total_bytes > 0 ? used / disk.total_bytes : 0;
  return (
    <Panel id="disk" title="Disk">
      <div className="px-4 pt-4 pb-3 text-sm">
        <p className="mb-2 flex flex-wrap items-baseline gap-x-2">
          <span className={disk.low ? "font-medium text-fail" : "font-medium"}>
            {formatBytes(disk.free_bytes)} free
          </span>
          <span className="text-ink-3">of {formatBytes(disk.total_bytes)}</span>
        </p>
        <Meter
          share={share}
          tone={disk.low ? "bad" : "quiet"}
          mark={disk.total_bytes > 0 ? 1 - disk.floor_bytes / disk.total_bytes : 1}
          className="w-full"
        />
        <p className="mt-2 text-ink-2">
          {disk.low
            ? `Less than ${formatBytes(disk.floor_bytes)} are free, so new runs wait. Make room, or keep less free below.`
            : `Below ${formatBytes(disk.floor_bytes)} free, the line at the right, new runs wait.`}
        </p>
      </div>
      <dl className="border-line border-t">
        <FactRow name="Kept in reserve" note="So that what is under way can still be written down">
          <Mono value={formatBytes(disk.reserve_bytes)} />
        </FactRow>
      </dl>
    </Panel>
  );
}
