// How far a search in logs is, and how to go on where it ended early.
import { Button } from "~/components/ui/button";
import { RelativeTime } from "~/components/ui/time";
import { formatBytes, plural } from "~/lib/format";
import { type Findings, lines } from "./findings";
import type { SearchState } from "./use-log-search";

interface SearchProgressProps {
  state: SearchState;
  findings: Findings;
  onGoOn: () => void;
}

const WHY = { cancelled: "Cancelled.", enough: "That may be enough for now." } as const;

export function SearchProgress({ state, findings, onGoOn }: SearchProgressProps) {
  const { found, searchedRuns, searchedBytes, before, stopped } = findings;
  const searching = state === "searching";
  // What is found is told at once, how far it is only now and then.
  const looked = Math.max(searchedRuns, found.length);
  return (
    <div className="relative mb-3 min-h-8" data-testid="search-progress" data-state={state}>
      <div aria-live="polite" className="flex flex-wrap items-center gap-x-3 gap-y-1 text-ink-2 text-sm">
        <span className="font-medium text-ink tabular-nums">
          {found.length > 0
            ? `${plural(lines(findings), "line")} in ${plural(found.length, "run")}`
            : searching
              ? "Searching"
              : "Nothing found"}
        </span>
        {looked > 0 ? (
          <span className="text-ink-3 tabular-nums">
            {plural(looked, "run")} searched, {formatBytes(searchedBytes)}
          </span>
        ) : null}
        {searching && before ? (
          <span className="text-ink-3">
            now at runs of <RelativeTime at={before} />
          </span>
        ) : null}
        {!searching && stopped ? (
          <span className="flex flex-wrap items-center gap-x-3 text-ink-3">
            {WHY[stopped]}
            {before ? (
              <>
                <span>
                  Older than <RelativeTime at={before} /> was not looked at.
                </span>
                <Button size="sm" onClick={onGoOn}>
                  Search on
                </Button>
              </>
            ) : null}
          </span>
        ) : null}
      </div>
      {searching ? (
        <span aria-hidden className="absolute inset-x-0 bottom-0 h-0.5 overflow-hidden rounded-full bg-selected">
          <span className="absolute inset-y-0 w-1/4 animate-[slide_1.4s_linear_infinite] bg-run" />
        </span>
      ) : null}
    </div>
  );
}
