// The last outcomes as a strip, oldest left; each leads to its run. Height shows how long it took against the longest. The newest ones
// of all rows stand below each other.
import { Link } from "@tanstack/react-router";
import type { RecentOutcome } from "~/api/types";
import { type Mark, markTone, markWord } from "~/components/ui/state-mark";
import { cn } from "~/lib/cn";
import { formatAbsolute, formatDuration } from "~/lib/format";

const SLOTS = 20;
const OK: Mark = "succeeded";

const markOfRecent = (recent: RecentOutcome): Mark =>
  recent.state === "finished" ? ((recent.kind as Mark | null | undefined) ?? "lost") : recent.state;

/** "Failed after 12.4 s, Tue, Nov 24, 2026, 18:13:02 UTC" */
function wordsOf(recent: RecentOutcome, mark: Mark): string {
  const took = recent.duration_ms == null ? "" : ` after ${formatDuration(recent.duration_ms)}`;
  return `${markWord(mark)}${took}${recent.finished_at ? `, ${formatAbsolute(new Date(recent.finished_at))}` : ""}`;
}

export function OutcomeStrip({ recent }: { recent: readonly RecentOutcome[] }) {
  const shown = [...recent].slice(0, SLOTS).reverse();
  const longest = Math.max(1, ...shown.map((each) => each.duration_ms ?? 0));
  if (shown.length === 0) return <span className="text-ink-3 text-sm">Not run yet</span>;
  return (
    <span className="relative z-10 inline-flex h-5 w-[138px] items-end justify-end gap-[2px]">
      {shown.map((each) => {
        const mark = markOfRecent(each);
        const words = wordsOf(each, mark);
        const height = 40 + 60 * Math.sqrt((each.duration_ms ?? 0) / longest);
        return (
          <Link
            key={each.run_id}
            to="/runs/$runId"
            params={{ runId: each.run_id }}
            title={words}
            aria-label={words}
            tabIndex={-1}
            className={cn("flex h-full w-[5px] items-end opacity-85 hover:opacity-100", markTone(mark))}
          >
            {/* Not by colour alone: what did not succeed has a gap below its head. */}
            <span className="flex w-full flex-col gap-px" style={{ height: `${height}%` }}>
              {mark === OK ? null : <span className="h-[3px] w-full bg-current" />}
              <span className="w-full flex-1 rounded-[1px] bg-current" />
            </span>
          </Link>
        );
      })}
    </span>
  );
}
