// When this script runs by itself.
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty, Page, Panel, SkeletonRows } from "~/components/ui/panel";
import type { Schedule } from "~/features/schedules/contract";
import { PausedBanner } from "~/features/schedules/pause-all";
import { schedulesOfQuery } from "~/features/schedules/requests";
import { ScheduleDialog } from "~/features/schedules/schedule-dialog";
import { SchedulesTable } from "~/features/schedules/schedules-table";

export function SchedulesTab() {
  const { scriptId } = useParams({ from: "/scripts/$scriptId/schedules" });
  const { data, error, refetch } = useQuery(schedulesOfQuery(scriptId));
  const [open, setOpen] = useState<Schedule | "new" | null>(null);
  const add = (
    <Button look="primary" size="sm" onClick={() => setOpen("new")}>
      <Plus aria-hidden /> Add schedule
    </Button>
  );
  return (
    <Page>
      <PausedBanner paused={data?.paused ?? false} />
      {error ? <ErrorNotice error={error} onRetry={() => void refetch()} className="mb-3" /> : null}
      <Panel title="Schedules" actions={data && data.items.length > 0 ? add : null}>
        {data ? null : error ? null : <SkeletonRows rows={2} height={58} />}
        {data?.items.length === 0 ? (
          <Empty title="It runs only when told to" action={add}>
            A schedule runs it once at a time you choose, or again and again: every 5 minutes, each weekday at 02:30, on
            the first of the month. Missed times, overlap and retries are settled per schedule.
          </Empty>
        ) : null}
        {data && data.items.length > 0 ? (
          <SchedulesTable schedules={data.items} pausedAll={data.paused} onEdit={setOpen} hideScript />
        ) : null}
      </Panel>
      {open === null ? null : (
        <ScheduleDialog
          scriptId={scriptId}
          schedule={open === "new" ? undefined : open}
          onClose={() => setOpen(null)}
        />
      )}
    </Page>
  );
}
