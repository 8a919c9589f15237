// All schedules: as a list, in a calendar, and what would happen if. What is open is in the address.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { FileInput, Plus } from "lucide-react";
import { lazy, Suspense, useCallback } from "react";
import { Button } from "~/components/ui/button";
import { Page, Skeleton } from "~/components/ui/panel";
import { TabBar, TabLink } from "~/components/ui/tab-links";
import { load } from "~/lib/load";
import { EditById } from "./edit-by-id";
import { ListView } from "./list-view";
import { PauseAllButton, PausedBanner } from "./pause-all";
import { schedulesQuery } from "./requests";
import { ScheduleDialog } from "./schedule-dialog";

const CalendarView = lazy(() => load(() => import("./calendar/calendar-view")));
const WhatIf = lazy(() => load(() => import("./what-if/what-if")));
const ImportDialog = lazy(() => load(() => import("./crontab/import-dialog")));

export function SchedulerPage() {
  const { view, open, schedule } = useSearch({ from: "/scheduler" });
  const navigate = useNavigate({ from: "/scheduler" });
  const { data } = useInfiniteQuery(schedulesQuery());
  const paused = data?.pages[0]?.paused ?? false;
  const close = useCallback(
    () => void navigate({ search: (before) => ({ ...before, open: undefined, schedule: undefined }), replace: true }),
    [navigate],
  );
  const show = (dialog: "new" | "import") => void navigate({ search: (before) => ({ ...before, open: dialog }) });
  return (
    <Page title="Scheduler" className="pt-1!">
      <div className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-1 border-line border-b">
        <TabBar label="Views of the schedules">
          <TabLink bySearch link={{ to: "/scheduler", search: { view: undefined } }}>
            List
          </TabLink>
          <TabLink link={{ to: "/scheduler", search: { view: "calendar" } }} bySearch>
            Calendar
          </TabLink>
          <TabLink link={{ to: "/scheduler", search: { view: "what-if" } }} bySearch>
            What if
          </TabLink>
        </TabBar>
        <div className="ml-auto flex items-center gap-2 py-1.5">
          {paused ? null : <PauseAllButton />}
          <Button onClick={() => show("import")}>
            <FileInput aria-hidden />
            <span>
              Import<span className="max-sm:sr-only"> crontab</span>
            </span>
          </Button>
          <Button look="primary" aria-label="New schedule" onClick={() => show("new")}>
            <Plus aria-hidden />
            <span>
              New<span className="max-sm:hidden"> schedule</span>
            </span>
          </Button>
        </div>
      </div>
      <PausedBanner paused={paused} />
      {view === undefined ? <ListView /> : null}
      <Suspense fallback={<Skeleton className="h-[60vh]" />}>
        {view === "calendar" ? <CalendarView /> : null}
        {view === "what-if" ? <WhatIf /> : null}
      </Suspense>
      {open === "new" ? <ScheduleDialog onClose={close} /> : null}
      {schedule ? <EditById id={schedule} onClose={close} /> : null}
      <Suspense>{open === "import" ? <ImportDialog onClose={close} /> : null}</Suspense>
    </Page>
  );
}
