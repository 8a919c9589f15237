// How much of the past is kept.
import type { SettingsView } from "~/api/types";
import { LastChange } from "../changes/last-change";
import { RetentionPanel } from "../retention-panel";
import { useChangeSettings } from "../use-change-settings";
import { WithSettings } from "../with-settings";

export const Section = () => (
  <WithSettings title="Retention">{(settings) => <Retention settings={settings} />}</WithSettings>
);

const Retention = ({ settings }: { settings: SettingsView }) => (
  <>
    <RetentionPanel settings={settings} change={useChangeSettings()} />
    <LastChange settings={settings} fields={["retention"]} />
  </>
);
