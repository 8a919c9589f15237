import { useInfiniteQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { runsQuery } from "~/api/queries";
import { ErrorNotice } from "~/components/ui/error-notice";
import { LoadMore } from "~/components/ui/load-more";
import { Empty, Page, Panel, SkeletonRows } from "~/components/ui/panel";
import { RunsTable } from "~/features/runs/runs-table";

export function ScriptRunsTab() {
  const { scriptId } = useParams({ from: "/scripts/$scriptId/runs" });
  const runs = useInfiniteQuery(runsQuery({ script: scriptId }));
  const items = runs.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page>
      {runs.error ? <ErrorNotice error={runs.error} onRetry={() => void runs.refetch()} className="mb-3" /> : null}
      <Panel aria-label="Runs of this script">
        {runs.isPending ? <SkeletonRows /> : null}
        {runs.data && items.length === 0 ? (
          <Empty title="Not run yet">Press Run, and the run is kept here with its log.</Empty>
        ) : null}
        {items.length > 0 ? <RunsTable runs={items} hideScript /> : null}
      </Panel>
      <LoadMore pages={runs} />
    </Page>
  );
}
