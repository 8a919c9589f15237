// What is unused, with its size, before anything goes.
import { Empty, Panel } from "~/components/ui/panel";

export const Section = () => (
  <Panel title="Clean-up">
    <Empty title="Not built yet">What is unused, with its size, before anything goes.</Empty>
  </Panel>
);
