// Who is told when a run fails, recovers or is late.
import { Empty, Panel } from "~/components/ui/panel";

export const Section = () => (
  <Panel title="Notifications">
    <Empty title="Not built yet">Who is told when a run fails, recovers or is late.</Empty>
  </Panel>
);
