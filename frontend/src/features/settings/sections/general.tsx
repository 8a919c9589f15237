// What holds for every script unless it says otherwise, and when a run may start.
import { useQuery } from "@tanstack/react-query";
import { systemQuery } from "~/api/queries";
import type { SettingsView } from "~/api/types";
import { Panel } from "~/components/ui/panel";
import { LimitsForm } from "~/features/limits/limits-form";
import { LastChange } from "../changes/last-change";
import { QueueForm } from "../queue-form";
import { RevisionsForm } from "../revisions-form";
import { SchedulesForm } from "../schedules-form";
import { useChangeSettings } from "../use-change-settings";
import { WithSettings } from "../with-settings";

export const Section = () => (
  <WithSettings title="Default limits of a run">{(settings) => <General settings={settings} />}</WithSettings>
);

function General({ settings }: { settings: SettingsView }) {
  const { data: system } = useQuery(systemQuery);
  const queue = useChangeSettings();
  const limits = useChangeSettings();
  const schedules = useChangeSettings();
  const revisions = useChangeSettings();
  return (
    <>
      <QueueForm settings={settings} change={queue} />
      <LastChange settings={settings} fields={["max_runs", "min_free_bytes"]} />
      <Panel
        id="limits"
        title="Default limits of a run"
        actions={<span className="text-ink-3 text-xs max-sm:hidden">A script's own settings go before them</span>}
      >
        <LimitsForm
          set={settings.set.default_limits ?? {}}
          defaults={settings.defaults.default_limits}
          engine={system?.engine}
          note="They hold for runs that are asked for from then on."
          save={{
            mutate: (patch, options) => limits.mutate({ default_limits: patch }, options),
            isPending: limits.isPending,
            error: limits.error,
          }}
        />
      </Panel>
      <LastChange settings={settings} fields={["default_limits"]} />
      <SchedulesForm settings={settings} change={schedules} />
      <LastChange settings={settings} fields={["default_timezone", "schedules_paused"]} />
      <RevisionsForm settings={settings} change={revisions} />
      <LastChange settings={settings} fields={["max_revisions"]} />
    </>
  );
}
