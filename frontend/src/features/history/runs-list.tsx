// A list of runs as every page of the past shows it: rows with acts, two to be compared, more by cursor.
import { useState } from "react";
import type { Run } from "~/api/types";
import { LoadMore } from "~/components/ui/load-more";
import { Panel } from "~/components/ui/panel";
import { RunsTable } from "~/features/runs/runs-table";
import { CompareBar } from "./compare-bar";

interface RunsListProps {
  runs: readonly Run[];
  label: string;
  hideScript?: boolean;
  pages: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };
}

export function RunsList({ runs, label, hideScript = false, pages }: RunsListProps) {
  const [chosen, setChosen] = useState<readonly Run[]>([]);
  /** A third one takes the place of the second. */
  const toggle = (run: Run) =>
    setChosen((before) =>
      before.some((each) => each.id === run.id)
        ? before.filter((each) => each.id !== run.id)
        : [...before.slice(0, 1), run],
    );
  return (
    <>
      <Panel aria-label={label}>
        <RunsTable runs={runs} hideScript={hideScript} selection={{ ids: chosen.map((run) => run.id), toggle }} />
      </Panel>
      <LoadMore pages={pages} />
      <CompareBar chosen={chosen} onClear={() => setChosen([])} />
    </>
  );
}
