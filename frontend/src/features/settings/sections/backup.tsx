// A consistent copy while everything runs on.
import type { SettingsView } from "~/api/types";
import { BackupPanel } from "~/features/backup/backup-panel";
import { ScheduleForm } from "~/features/backup/schedule-form";
import { useChangeSettings } from "../use-change-settings";
import { WithSettings } from "../with-settings";

export const Section = () => (
  <>
    <BackupPanel />
    <WithSettings title="By itself">{(settings) => <Schedule settings={settings} />}</WithSettings>
  </>
);

const Schedule = ({ settings }: { settings: SettingsView }) => (
  <ScheduleForm settings={settings} save={useChangeSettings()} />
);
