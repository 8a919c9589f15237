// What may be installed, and from where.
import type { SettingsView } from "~/api/types";
import { LastChange } from "../changes/last-change";
import { IndexesPanel } from "../indexes-panel";
import { PackagesForm } from "../packages-form";
import { useChangeSettings } from "../use-change-settings";
import { WithSettings } from "../with-settings";

export const Section = () => (
  <WithSettings title="Packages">{(settings) => <Packages settings={settings} />}</WithSettings>
);

const Packages = ({ settings }: { settings: SettingsView }) => (
  <>
    <PackagesForm settings={settings} change={useChangeSettings()} />
    <LastChange settings={settings} fields={["packages", "index_credentials"]} />
    <IndexesPanel settings={settings} />
  </>
);
