// Clean-up as a whole: what takes room, what is unused, when it goes by itself, and what the last ones did.
import type { SettingsView } from "~/api/types";
import { ReportsPanel } from "./reports-panel";
import { RoomPanel } from "./room-panel";
import { ScheduleForm } from "./schedule-form";
import { UnusedPanel } from "./unused-panel";

export const CleanupPanel = ({ settings }: { settings: SettingsView }) => (
  <>
    <UnusedPanel />
    <RoomPanel />
    <ScheduleForm settings={settings} />
    <ReportsPanel />
  </>
);
