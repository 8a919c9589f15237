// The Docker engine as it was found: whether it answers, what it is, what its machine has, what it does not hold.
import { TriangleAlert } from "lucide-react";
import type { System } from "~/api/types";
import { FactRow, Mono } from "~/components/ui/facts";
import { Panel } from "~/components/ui/panel";
import { engineLimitLabel } from "~/features/limits/limits";
import { cn } from "~/lib/cn";
import { formatBytes } from "~/lib/format";

const ENGINE = {
  ready: { word: "Ready", tone: "text-ok" },
  connecting: { word: "Connecting", tone: "text-run" },
  away: { word: "Away", tone: "text-fail" },
  unfit: { word: "Unfit", tone: "text-fail" },
} as const;
const STORAGE = {
  subpath: "Volume subpath: a run sees its own folder of the volume",
  host_path: "Host path: a run sees its own folder through the host's path",
} as const;

export function EnginePanel({ system }: { system: System }) {
  const { engine } = system;
  const state = ENGINE[engine.state];
  return (
    <Panel id="engine" title="Docker engine">
      <dl>
        <FactRow name="State">
          <span className={cn("font-medium", state.tone)}>{state.word}</span>
          {engine.message ? <span className="ml-2 text-ink-2">{engine.message}</span> : null}
        </FactRow>
        <FactRow name="Version" note="And of its API">
          <Mono value={engine.version} />
          {engine.api_version ? <span className="num ml-2 text-ink-3">{engine.api_version}</span> : null}
        </FactRow>
        <FactRow name="Its machine" note="No limit can be beyond it">
          {engine.cpus == null && engine.memory_bytes == null ? (
            <Mono value={null} />
          ) : (
            <span className="num">
              {engine.cpus ?? "?"} {engine.cpus === 1 ? "CPU" : "CPUs"},{" "}
              {engine.memory_bytes == null ? "unknown memory" : formatBytes(engine.memory_bytes)}
            </span>
          )}
        </FactRow>
        <FactRow name="Control groups" note="How the kernel keeps a run within its limits">
          <Mono value={engine.cgroup == null ? null : `version ${engine.cgroup}`} />
        </FactRow>
        {engine.unenforced.length > 0 ? (
          <FactRow name="Limits it does not hold" note="Runs that ask for them are refused">
            <ul className="flex flex-col gap-1">
              {engine.unenforced.map(({ limit, reason }) => (
                <li key={limit} className="flex items-baseline gap-2">
                  <TriangleAlert aria-hidden className="size-3.5 shrink-0 translate-y-0.5 text-skip" />
                  <span>
                    <span className="font-medium">{engineLimitLabel(limit)}</span>{" "}
                    <span className="text-ink-2">{reason}</span>
                  </span>
                </li>
              ))}
            </ul>
          </FactRow>
        ) : null}
        <FactRow name="Folders reach runs by">
          {engine.storage ? STORAGE[engine.storage] : <Mono value={null} />}
        </FactRow>
      </dl>
    </Panel>
  );
}
