// The list of runs that the filters leave, under the totals.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { runsQuery } from "~/api/queries";
import type { RunFilters } from "~/api/run-filters";
import { Button, buttonClass } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty, Panel, SkeletonRows } from "~/components/ui/panel";
import { isNarrowed } from "./filters/filters";
import { RunsList } from "./runs-list";
import { TotalsLine } from "./totals-line";

export function RunsView({ filters, onClear }: { filters: RunFilters; onClear: () => void }) {
  const runs = useInfiniteQuery(runsQuery(filters));
  const items = runs.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <TotalsLine script={filters.script} />
      {runs.error ? <ErrorNotice error={runs.error} onRetry={() => void runs.refetch()} className="mb-3" /> : null}
      {items.length > 0 ? (
        <div className={runs.isPlaceholderData ? "opacity-60" : ""} aria-busy={runs.isPlaceholderData}>
          <RunsList runs={items} label="Runs" pages={runs} />
        </div>
      ) : (
        <Panel aria-label="Runs">
          {runs.isPending ? <SkeletonRows rows={10} /> : null}
          {runs.data ? isNarrowed(filters) ? <NoneFits filters={filters} onClear={onClear} /> : <NeverRun /> : null}
        </Panel>
      )}
    </>
  );
}

function NoneFits({ filters, onClear }: { filters: RunFilters; onClear: () => void }) {
  return (
    <Empty title="No run fits these filters" action={<Button onClick={onClear}>Clear the filters</Button>}>
      {filters.last || filters.from || filters.to
        ? "Look at a longer time, or take a filter away. Runs older than what Settings keep are gone, but for those that were kept."
        : "Take one away, or clear them all. What a script wrote is found under Search logs."}
    </Empty>
  );
}

const NeverRun = () => (
  <Empty
    title="Nothing has run yet"
    action={
      <Link to="/scripts" search={{}} className={buttonClass("primary")}>
        Go to scripts
      </Link>
    }
  >
    Every run of a script is kept here with its log, its outcome and what it used. Two of them can be compared, and one
    that must not get lost can be kept for good.
  </Empty>
);
