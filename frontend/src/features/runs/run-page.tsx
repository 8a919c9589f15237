// One run. The header says how it is and why; below it, as tabs in the address: the log, what it used, what it left,
// everything that is recorded.
import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { runQuery } from "~/api/queries";
import type { Run } from "~/api/types";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Page, SkeletonRows } from "~/components/ui/panel";
import { TabBar, TabLink } from "~/components/ui/tab-links";
import type { RunLog } from "~/features/logs/run-log";
import { useRunLog } from "~/features/logs/use-run-log";
import { load } from "~/lib/load";
import { DetailsTab } from "./details-tab";
import { LogTab } from "./log-tab";
import { RunHeader, RunHeaderSkeleton } from "./run-header";

// Charts and previews are for those who look at them.
const ResourcesTab = lazy(() => load(() => import("./resources/resources-tab")));
const ArtifactsTab = lazy(() => load(() => import("./artifacts/artifacts-tab")));

export function RunPage() {
  const { runId } = useParams({ from: "/runs/$runId" });
  const query = useQuery(runQuery(runId));
  const run = query.data;
  // Followed on every tab, so that nothing is asked for twice when the reader goes to and fro.
  const log = useRunLog(run);
  if (query.error && !run)
    return (
      <div className="p-6">
        <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      </div>
    );
  return (
    <div className="flex h-full flex-col">
      {run ? <RunHeader run={run} /> : <RunHeaderSkeleton />}
      <div className="shrink-0 border-line border-b px-4 sm:px-6">
        <RunTabs runId={runId} artifacts={run?.artifacts?.files ?? 0} />
      </div>
      {run && log ? <Tab key={run.id} run={run} log={log} /> : null}
    </div>
  );
}

function RunTabs({ runId, artifacts }: { runId: string; artifacts: number }) {
  const to = "/runs/$runId" as const;
  const params = { runId };
  return (
    <TabBar label="Parts of the run">
      <TabLink bySearch link={{ to, params, search: { tab: undefined } }}>
        Log
      </TabLink>
      <TabLink bySearch link={{ to, params, search: { tab: "resources" } }}>
        Resources
      </TabLink>
      <TabLink bySearch link={{ to, params, search: { tab: "artifacts" } }}>
        Artifacts
        {artifacts > 0 ? <span className="num rounded-full bg-selected px-1.5 text-ink-2">{artifacts}</span> : null}
      </TabLink>
      <TabLink bySearch link={{ to, params, search: { tab: "details" } }}>
        Details
      </TabLink>
    </TabBar>
  );
}

function Tab({ run, log }: { run: Run; log: RunLog }) {
  const { tab } = useSearch({ from: "/runs/$runId" });
  if (tab === undefined) return <LogTab run={run} log={log} />;
  return (
    <Page>
      <Suspense fallback={<SkeletonRows rows={4} />}>
        {tab === "resources" ? <ResourcesTab run={run} log={log} /> : null}
        {tab === "artifacts" ? <ArtifactsTab run={run} /> : null}
        {tab === "details" ? <DetailsTab run={run} /> : null}
      </Suspense>
    </Page>
  );
}
