// The frame of one script: name, state, the Run button, tabs. The tab fills the rest of the page.
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useMatchRoute, useNavigate, useParams } from "@tanstack/react-router";
import { CalendarClock } from "lucide-react";
import { scriptQuery } from "~/api/queries";
import type { Script } from "~/api/types";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Skeleton } from "~/components/ui/panel";
import { markOf, StateMark } from "~/components/ui/state-mark";
import { TabBar, TabLink } from "~/components/ui/tab-links";
import { RelativeTime } from "~/components/ui/time";
import { FireTime } from "~/features/schedules/fire-time";
import { schedulesOfQuery } from "~/features/schedules/requests";
import { nearest } from "~/features/schedules/upcoming";
import { RunButton } from "./code/run-with/run-button";
import { EnvironmentBadge } from "./environment-badge";
import { ScriptTag } from "./script-tag";

export function ScriptLayout() {
  const { scriptId } = useParams({ from: "/scripts/$scriptId" });
  const query = useQuery(scriptQuery(scriptId));
  if (query.error && !query.data)
    return (
      <div className="p-6">
        <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      </div>
    );
  const params = { scriptId };
  return (
    <div className="flex h-full min-h-[560px] flex-col">
      <header className="shrink-0 px-4 pt-3 sm:px-6">
        {query.data ? <ScriptHead script={query.data} /> : <Skeleton className="h-8 w-64" />}
      </header>
      <div className="shrink-0 border-line border-b px-4 sm:px-6">
        <TabBar label="Parts of the script">
          <TabLink link={{ to: "/scripts/$scriptId/code", params }}>Code</TabLink>
          <TabLink link={{ to: "/scripts/$scriptId/dependencies", params }}>Dependencies</TabLink>
          <TabLink link={{ to: "/scripts/$scriptId/runs", params }}>Runs</TabLink>
          <TabLink link={{ to: "/scripts/$scriptId/schedules", params }}>Schedules</TabLink>
          <TabLink link={{ to: "/scripts/$scriptId/settings", params }}>Settings</TabLink>
        </TabBar>
      </div>
      <div className="relative min-h-0 flex-1 overflow-auto">{query.data ? <Outlet /> : null}</div>
    </div>
  );
}

function ScriptHead({ script }: { script: Script }) {
  const navigate = useNavigate();
  const onCode = Boolean(useMatchRoute()({ to: "/scripts/$scriptId/code" }));
  const last = script.last_run ?? null;
  return (
    <div className="flex min-h-9 items-center gap-x-4">
      <h1 className="truncate-line min-w-0 text-xl font-semibold tracking-[-0.012em]">{script.name}</h1>
      <span className="flex gap-1 max-sm:hidden">
        {script.tags.map((tag) => (
          <ScriptTag key={tag} tag={tag} />
        ))}
      </span>
      <div className="ml-auto flex shrink-0 items-center gap-4 text-ink-2 text-sm">
        {last ? (
          <span className="flex items-center gap-1.5 max-md:hidden">
            <StateMark mark={markOf(last)} word /> <RelativeTime at={last.queued_at} />
          </span>
        ) : null}
        <NextFire scriptId={script.id} />
        <span className="max-sm:hidden">
          <EnvironmentBadge scriptId={script.id} status={script.environment} />
        </span>
        <RunButton
          script={script}
          onStarted={(run) => {
            if (!onCode) void navigate({ to: "/runs/$runId", params: { runId: run.id } });
          }}
        />
      </div>
    </div>
  );
}

/** When it runs by itself the next time; nothing where it does not. */
function NextFire({ scriptId }: { scriptId: string }) {
  const { data } = useQuery(schedulesOfQuery(scriptId));
  const next = nearest(data?.items ?? [], new Date());
  if (!next) return null;
  return (
    <Link
      to="/scripts/$scriptId/schedules"
      params={{ scriptId }}
      className="flex items-center gap-1.5 rounded-sm hover:text-ink max-lg:hidden"
    >
      <CalendarClock aria-hidden className="size-3.5 text-ink-3" /> next{" "}
      <FireTime fire={next.fire} when={next.schedule.when} />
    </Link>
  );
}
