import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { runsQuery } from "~/api/queries";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty, Page, Panel, SkeletonRows } from "~/components/ui/panel";
import { RunsList } from "~/features/history/runs-list";
import { TotalsLine } from "~/features/history/totals-line";

export function ScriptRunsTab() {
  const { scriptId } = useParams({ from: "/scripts/$scriptId/runs" });
  const runs = useInfiniteQuery(runsQuery({ script: scriptId }));
  const items = runs.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page>
      {runs.error ? <ErrorNotice error={runs.error} onRetry={() => void runs.refetch()} className="mb-3" /> : null}
      {items.length > 0 ? (
        <>
          <TotalsLine script={scriptId}>
            <Link
              to="/runs"
              search={{ script: scriptId }}
              className="rounded-sm text-accent-ink hover:underline sm:ml-auto"
            >
              Filter and search
            </Link>
          </TotalsLine>
          <RunsList runs={items} label="Runs of this script" hideScript pages={runs} />
        </>
      ) : (
        <Panel aria-label="Runs of this script">
          {runs.isPending ? <SkeletonRows /> : null}
          {runs.data ? <Empty title="Not run yet">Press Run, and the run is kept here with its log.</Empty> : null}
        </Panel>
      )}
    </Page>
  );
}
