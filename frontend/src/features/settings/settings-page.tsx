// What this installation is and what holds for every script. Facts now; what will be editable says so.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { systemQuery } from "~/api/queries";
import type { System } from "~/api/types";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Page, Panel, SkeletonRows } from "~/components/ui/panel";
import { Segmented } from "~/components/ui/segmented";
import { cn } from "~/lib/cn";
import { formatBytes, formatDuration } from "~/lib/format";
import { useStore } from "~/lib/store";
import { chooseTheme, type ThemeChoice, themeChoice } from "~/lib/theme";

const SOON = [
  ["Default dependencies", "Packages that every script gets without asking."],
  ["Images", "Python versions to choose from, and your own images."],
  ["Retention", "How long runs, logs and old revisions are kept."],
  ["Webhooks", "Who is told when a run fails, recovers or is late."],
  ["Clean-up", "What is unused, with its size, before anything goes."],
  ["Backup", "A consistent copy while everything runs on."],
] as const;

export function SettingsPage() {
  const query = useQuery(systemQuery);
  const { data } = query;
  return (
    <Page title="Settings" narrow>
      {query.error ? <ErrorNotice error={query.error} onRetry={() => void query.refetch()} className="mb-4" /> : null}
      <div className="flex flex-col gap-4">
        <Appearance />
        {data ? (
          <>
            <EnginePanel system={data} />
            <InstallationPanel system={data} />
            <DefaultLimits system={data} />
          </>
        ) : (
          <Panel title="System">
            <SkeletonRows rows={6} height={36} />
          </Panel>
        )}
        <Panel title="Not built yet">
          <dl>
            {SOON.map(([name, what]) => (
              <Row key={name} name={name} dim>
                <span className="text-ink-3">{what}</span>
              </Row>
            ))}
          </dl>
        </Panel>
      </div>
    </Page>
  );
}

function Appearance() {
  const choice = useStore(themeChoice);
  return (
    <Panel title="Appearance">
      <dl>
        <Row name="Theme" note="Kept in this browser">
          <Segmented<ThemeChoice>
            label="Theme"
            value={choice}
            onChange={chooseTheme}
            options={[
              { value: "dark", label: "Dark" },
              { value: "light", label: "Light" },
              { value: "system", label: "As the system" },
            ]}
          />
        </Row>
      </dl>
    </Panel>
  );
}

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

function EnginePanel({ system }: { system: System }) {
  const { engine } = system;
  const state = ENGINE[engine.state];
  return (
    <Panel title="Docker engine">
      <dl>
        <Row name="State">
          <span className={cn("font-medium", state.tone)}>{state.word}</span>
          {engine.message ? <span className="ml-2 text-ink-2">{engine.message}</span> : null}
        </Row>
        <Row name="Version">
          <Mono value={engine.version} />
        </Row>
        <Row name="API version">
          <Mono value={engine.api_version} />
        </Row>
        <Row name="Control groups" note="How the kernel keeps a run within its limits">
          <Mono value={engine.cgroup == null ? null : `version ${engine.cgroup}`} />
        </Row>
        <Row name="Folders reach runs by">{engine.storage ? STORAGE[engine.storage] : <Mono value={null} />}</Row>
        <Row name="Runner image" note="Runs and environments are made from it">
          <Mono value={system.runner_image} />
        </Row>
        <Row name="Runs at once" note="More wait in the queue">
          <Mono value={String(system.max_runs)} />
        </Row>
      </dl>
    </Panel>
  );
}

const InstallationPanel = ({ system }: { system: System }) => (
  <Panel title="Installation">
    <dl>
      <Row name="Version">
        <Mono value={system.version} />
      </Row>
      <Row name="Data folder">
        <Mono value={system.data_dir} />
      </Row>
      <Row name="Free on its disk">
        <Mono value={system.free_bytes == null ? null : formatBytes(system.free_bytes)} />
      </Row>
      <Row name="Instance" note="Marks this installation's containers">
        <Mono value={system.instance} />
      </Row>
    </dl>
  </Panel>
);

function DefaultLimits({ system }: { system: System }) {
  const limits = system.default_limits;
  const rows: [string, string][] = [
    ["Memory", formatBytes(limits.memory_bytes)],
    ["CPUs", String(limits.cpus)],
    ["Run time", formatDuration(limits.run_seconds * 1000)],
    ["Grace to stop", formatDuration(limits.stop_grace_seconds * 1000)],
    ["Processes", String(limits.pids)],
    ["Open files", String(limits.nofile)],
    ["Largest file", formatBytes(limits.fsize_bytes)],
    ["Space in /tmp", formatBytes(limits.tmp_bytes)],
    ["Log", formatBytes(limits.log_bytes)],
    ["Network", limits.network === "none" ? "Off" : "On"],
  ];
  return (
    <Panel
      title="Default limits of a run"
      actions={<span className="text-ink-3 text-xs">Set others in a script's settings</span>}
    >
      <dl className="sm:columns-2 sm:gap-0">
        {rows.map(([name, value]) => (
          <Row key={name} name={name}>
            <Mono value={value} />
          </Row>
        ))}
      </dl>
    </Panel>
  );
}

interface RowProps {
  name: string;
  note?: string;
  dim?: boolean;
  children: ReactNode;
}

const Row = ({ name, note, dim, children }: RowProps) => (
  <div className="flex min-h-10 break-inside-avoid flex-wrap items-center gap-x-4 gap-y-0.5 border-line border-b px-4 py-2 text-sm last:border-b-0">
    <dt className={cn("w-60 shrink-0 max-sm:w-40", dim ? "text-ink-3" : "text-ink-2")}>
      {name}
      {note ? <span className="block text-ink-3 text-xs">{note}</span> : null}
    </dt>
    <dd className="min-w-0 break-words">{children}</dd>
  </div>
);

const Mono = ({ value }: { value: string | null | undefined }) =>
  value == null || value === "" ? (
    <span className="text-ink-3">unknown</span>
  ) : (
    <span className="num break-all">{value}</span>
  );
