// Is everything all right, what runs now, what happens next, what happened lately.
import { useQuery } from "@tanstack/react-query";
import { Link, type LinkProps } from "@tanstack/react-router";
import { Plus, Square } from "lucide-react";
import type { ReactNode } from "react";
import { dashboardQuery } from "~/api/queries";
import type { Dashboard, Run } from "~/api/types";
import { buttonClass, IconButton } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty, Page, Panel, Skeleton, SkeletonRows } from "~/components/ui/panel";
import { markOf, StateMark } from "~/components/ui/state-mark";
import { Duration } from "~/components/ui/time";
import { useStopRun } from "~/features/runs/actions";
import { FAILURES, gist } from "~/features/runs/describe";
import { RunsTable } from "~/features/runs/runs-table";
import { NextDay } from "./next-day";
import { OutcomesByDay } from "./outcomes-by-day";
import { Queue } from "./queue";

const isStarted = (run: Run) => run.state !== "queued";

export function DashboardPage() {
  const query = useQuery(dashboardQuery);
  const { data } = query;
  return (
    <Page title="Dashboard">
      {query.error ? <ErrorNotice error={query.error} onRetry={() => void query.refetch()} className="mb-4" /> : null}
      <Numbers data={data} />
      {data && data.scripts === 0 ? (
        <Panel className="mt-4">
          <Empty
            title="Nothing here yet"
            action={
              <Link to="/scripts" search={{ new: "blank" }} className={buttonClass("primary")}>
                <Plus aria-hidden /> New script
              </Link>
            }
          >
            Write a script, name the packages it needs, and run it in a container of its own. What happens with it will
            be seen here.
          </Empty>
        </Panel>
      ) : (
        <div className="mt-4 grid gap-4 lg:grid-cols-[3fr_2fr]">
          <div className="flex min-w-0 flex-col gap-4">
            <Panel title="Running now">
              {data ? <RunningNow runs={data.running_runs.filter(isStarted)} /> : <SkeletonRows rows={2} />}
            </Panel>
            <Queue waiting={data?.queued} />
            <Panel
              title="Recent runs"
              actions={
                <Link to="/runs" search={{}} className="rounded-sm text-ink-3 text-sm hover:text-ink">
                  All runs
                </Link>
              }
            >
              {data ? (
                data.recent_runs.length > 0 ? (
                  <RunsTable runs={data.recent_runs} compact />
                ) : (
                  <Empty title="No run yet" className="py-8" />
                )
              ) : (
                <SkeletonRows rows={6} />
              )}
            </Panel>
          </div>
          <div className="flex min-w-0 flex-col gap-4">
            <NextDay />
            <Panel title="Outcomes per day">
              {data ? <OutcomesByDay days={data.outcomes_by_day} /> : <div className="h-52" />}
            </Panel>
          </div>
        </div>
      )}
    </Page>
  );
}

function Numbers({ data }: { data: Dashboard | undefined }) {
  const rate = data && data.finished_7d > 0 ? (data.succeeded_7d / data.finished_7d) * 100 : null;
  const missed = data ? data.finished_7d - data.succeeded_7d : 0;
  return (
    <div className="grid grid-cols-2 gap-px overflow-hidden rounded-md border border-line bg-line lg:grid-cols-4">
      <Figure name="Scripts" link={{ to: "/scripts", search: {} }} value={data?.scripts} />
      <Figure
        name="Running"
        link={{ to: "/runs", search: { state: "running" } }}
        value={data?.running}
        note={data && data.running > 0 ? <StateMark mark="running" /> : null}
      />
      <Figure
        name="Queued"
        link={{ to: "/runs", search: { state: "queued" } }}
        value={data?.queued}
        note={data && data.queued > 0 ? <StateMark mark="queued" /> : null}
      />
      <Figure
        name="Succeeded, 7 days"
        link={{ to: "/runs", search: missed > 0 ? { outcome: FAILURES.join(","), last: "7d" } : { last: "7d" } }}
        value={data ? (rate === null ? "–" : `${rate === 100 ? "100" : rate.toFixed(1)} %`) : undefined}
        note={
          data && rate !== null ? (
            <span className="num whitespace-nowrap text-ink-3 text-sm">
              {data.succeeded_7d} of {data.finished_7d}
            </span>
          ) : null
        }
      />
    </div>
  );
}

interface FigureProps {
  name: string;
  link: LinkProps;
  value: number | string | undefined;
  note?: ReactNode;
}

const Figure = ({ name, link, value, note }: FigureProps) => (
  <Link
    {...link}
    className="group bg-panel px-4 py-3 outline-offset-[-2px] hover:bg-[color-mix(in_oklch,var(--panel),var(--ink)_4%)]"
  >
    <span className="block text-ink-3 text-sm group-hover:text-ink-2">{name}</span>
    <span className="mt-0.5 flex h-9 items-center gap-2.5">
      {value === undefined ? (
        <Skeleton className="h-6 w-14" />
      ) : (
        <span className="whitespace-nowrap font-semibold text-2xl tabular-nums tracking-[-0.02em] max-sm:text-xl">
          {value}
        </span>
      )}
      {note}
    </span>
  </Link>
);

function RunningNow({ runs }: { runs: readonly Run[] }) {
  const stop = useStopRun();
  if (runs.length === 0) return <p className="px-4 py-3.5 text-ink-3 text-sm">Nothing runs at the moment.</p>;
  return (
    <ul>
      {runs.map((run) => (
        <li
          key={run.id}
          className="relative flex h-11 items-center gap-3 border-line border-b px-4 last:border-b-0 hover:bg-hover"
        >
          <StateMark mark={markOf(run)} />
          <Link
            to="/runs/$runId"
            params={{ runId: run.id }}
            className="truncate-line rounded-sm font-medium text-sm after:absolute after:inset-0"
          >
            {run.script_name}
          </Link>
          <span className="truncate-line text-ink-3 text-sm">{gist(run)}</span>
          <span className="ml-auto text-ink-2 text-sm">
            <Duration from={run.started_at ?? run.queued_at} to={null} />
          </span>
          <span className="relative z-10">
            <IconButton
              label={`Stop ${run.script_name}`}
              disabled={run.state === "stopping" || run.state === "collecting"}
              onClick={() => stop.mutate(run.id)}
            >
              <Square />
            </IconButton>
          </span>
        </li>
      ))}
    </ul>
  );
}
