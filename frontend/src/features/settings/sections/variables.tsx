// Variables and secrets that every script gets.
import { Empty, Panel } from "~/components/ui/panel";

export const Section = () => (
  <Panel title="Variables">
    <Empty title="Not built yet">Variables and secrets that every script gets.</Empty>
  </Panel>
);
