// Tokens for programs and for other machines.
import { Empty, Panel } from "~/components/ui/panel";

export const Section = () => (
  <Panel title="Access">
    <Empty title="Not built yet">Tokens for programs and for other machines.</Empty>
  </Panel>
);
