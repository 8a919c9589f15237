import { Link } from "@tanstack/react-router";
import { buttonClass } from "~/components/ui/button";
import { Empty, Page, Panel } from "~/components/ui/panel";

export const SchedulerPage = () => (
  <Page title="Scheduler">
    <Panel>
      <Empty
        title="The scheduler is not built yet"
        action={
          <Link to="/scripts" search={{}} className={buttonClass()}>
            Go to scripts
          </Link>
        }
      >
        This page will list the cron schedules of all scripts with their next moments, and show past and coming runs in
        a calendar. Until then, scripts run when you press Run or call the API.
      </Empty>
    </Panel>
  </Page>
);
