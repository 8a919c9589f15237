import { Empty, Page, Panel } from "~/components/ui/panel";

export const SchedulesTab = () => (
  <Page>
    <Panel>
      <Empty title="Schedules are not built yet">
        This tab will hold the cron schedules of the script: each with its time zone, the next moments it will run, and
        what happens when one is missed or overlaps.
      </Empty>
    </Panel>
  </Page>
);
