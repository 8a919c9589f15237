// A consistent copy while everything runs on.
import { Empty, Panel } from "~/components/ui/panel";

export const Section = () => (
  <Panel title="Backup">
    <Empty title="Not built yet">A consistent copy while everything runs on.</Empty>
  </Panel>
);
