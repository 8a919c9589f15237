// What is unused, with its size, before anything goes.
import { CleanupPanel } from "~/features/cleanup/cleanup-panel";
import { WithSettings } from "../with-settings";

export const Section = () => (
  <WithSettings title="What is unused">{(settings) => <CleanupPanel settings={settings} />}</WithSettings>
);
