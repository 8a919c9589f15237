// What this installation is, and what holds for every script unless it says otherwise.
import { useQuery } from "@tanstack/react-query";
import { settingsQuery, systemQuery } from "~/api/queries";
import type { System } from "~/api/types";
import { ErrorNotice } from "~/components/ui/error-notice";
import { FactRow, Mono } from "~/components/ui/facts";
import { Page, Panel, SkeletonRows } from "~/components/ui/panel";
import { Segmented } from "~/components/ui/segmented";
import { LimitsForm } from "~/features/limits/limits-form";
import { useStore } from "~/lib/store";
import { chooseTheme, type ThemeChoice, themeChoice } from "~/lib/theme";
import { DiskPanel } from "./disk-panel";
import { EnginePanel } from "./engine-panel";
import { ImagesPanel } from "./images/images-panel";
import { PackagesForm } from "./packages-form";
import { QueueForm } from "./queue-form";
import { RetentionPanel } from "./retention-panel";
import { RevisionsForm } from "./revisions-form";
import { useChangeSettings } from "./use-change-settings";
import { useSection } from "./use-section";

const SOON = [
  ["Webhooks", "Who is told when a run fails, recovers or is late."],
  ["Clean-up", "What is unused, with its size, before anything goes."],
  ["Backup", "A consistent copy while everything runs on."],
] as const;

export function SettingsPage() {
  const query = useQuery(systemQuery);
  const settings = useQuery(settingsQuery);
  useSection(query.data !== undefined && settings.data !== undefined);
  const { data } = query;
  const error = query.error ?? settings.error;
  const again = () => {
    void query.refetch();
    void settings.refetch();
  };
  return (
    <Page title="Settings" narrow>
      {error ? <ErrorNotice error={error} onRetry={again} className="mb-4" /> : null}
      <div className="flex flex-col gap-4">
        <Appearance />
        {data ? (
          <>
            <EnginePanel system={data} />
            <DiskPanel system={data} />
          </>
        ) : (
          <Panel title="System">
            <SkeletonRows rows={8} height={40} />
          </Panel>
        )}
        <ImagesPanel />
        <Editable engine={data?.engine} />
        {data ? <InstallationPanel system={data} /> : null}
        <Panel title="Not built yet">
          <dl>
            {SOON.map(([name, what]) => (
              <FactRow key={name} name={name} dim>
                <span className="text-ink-3">{what}</span>
              </FactRow>
            ))}
          </dl>
        </Panel>
      </div>
    </Page>
  );
}

function Editable({ engine }: { engine: System["engine"] | undefined }) {
  const { data } = useQuery(settingsQuery);
  const queue = useChangeSettings();
  const limits = useChangeSettings();
  const packages = useChangeSettings();
  const retention = useChangeSettings();
  const revisions = useChangeSettings();
  if (!data)
    return (
      <Panel title="Default limits of a run">
        <SkeletonRows rows={6} height={64} />
      </Panel>
    );
  return (
    <>
      <QueueForm settings={data} change={queue} />
      <Panel
        id="limits"
        title="Default limits of a run"
        actions={<span className="text-ink-3 text-xs max-sm:hidden">A script's own settings go before them</span>}
      >
        <LimitsForm
          set={data.set.default_limits ?? {}}
          defaults={data.defaults.default_limits}
          engine={engine}
          note="They hold for runs that are asked for from then on."
          save={{
            mutate: (patch, options) => limits.mutate({ default_limits: patch }, options),
            isPending: limits.isPending,
            error: limits.error,
          }}
        />
      </Panel>
      <PackagesForm settings={data} change={packages} />
      <RetentionPanel settings={data} change={retention} />
      <RevisionsForm settings={data} change={revisions} />
    </>
  );
}

function Appearance() {
  const choice = useStore(themeChoice);
  return (
    <Panel title="Appearance">
      <dl>
        <FactRow name="Theme" note="Kept in this browser">
          <Segmented<ThemeChoice>
            label="Theme"
            value={choice}
            onChange={chooseTheme}
            options={[
              { value: "dark", label: "Dark" },
              { value: "light", label: "Light" },
              { value: "system", label: "System" },
            ]}
          />
        </FactRow>
      </dl>
    </Panel>
  );
}

const InstallationPanel = ({ system }: { system: System }) => (
  <Panel title="Installation">
    <dl>
      <FactRow name="Version">
        <Mono value={system.version} />
      </FactRow>
      <FactRow name="Data folder">
        <Mono value={system.data_dir} />
      </FactRow>
      <FactRow name="Instance" note="Marks this installation's containers">
        <Mono value={system.instance} />
      </FactRow>
    </dl>
  </Panel>
);
