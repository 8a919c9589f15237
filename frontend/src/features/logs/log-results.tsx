// The matches of a search as a list beside the log, the newest first; each leads to its line.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { Button } from "~/components/ui/button";
import { cn } from "~/lib/cn";
import type { SearchMatch } from "./contract";
import type { SearchState } from "./log-search";
import { excerptOf } from "./segments";

const ROW = 26;
/** Text before the first match that leaves room for it in a narrow list. */
const LEAD = 18;

interface LogResultsProps {
  found: SearchState;
  hasMore: boolean;
  onMore: () => void;
  onSelect: (index: number) => void;
}

export function LogResults({ found, hasMore, onMore, onSelect }: LogResultsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const { matches, current } = found;
  const virtual = useVirtualizer({
    count: matches.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 10,
  });
  useEffect(() => {
    if (current >= 0) virtual.scrollToIndex(current, { align: "auto" });
  }, [current, virtual]);

  return (
    <section
      aria-label="Matches"
      data-testid="log-results"
      className="flex min-h-0 shrink-0 flex-col border-line bg-panel @max-3xl:h-2/5 @max-3xl:border-t @3xl:w-[340px] @3xl:border-l"
    >
      <div ref={scroller} className="min-h-0 flex-1 overflow-auto py-1">
        {matches.length === 0 ? <p className="px-3 py-2 text-ink-3 text-sm">{emptyWords(found)}</p> : null}
        <ol className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const match = matches[item.index];
            return match ? (
              <li
                key={match.line}
                className="absolute inset-x-0 top-0"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <button
                  type="button"
                  aria-current={item.index === current || undefined}
                  onClick={() => onSelect(item.index)}
                  className={cn(
                    "flex h-[26px] w-full items-center gap-2 border-l-2 px-2 text-left font-mono text-xs outline-offset-[-2px] hover:bg-hover aria-[current=true]:bg-selected",
                    match.stream === "stderr" ? "border-skip" : "border-transparent",
                  )}
                >
                  <span className="shrink-0 text-ink-3">{match.line}</span>
                  <Excerpt match={match} />
                </button>
              </li>
            ) : null;
          })}
        </ol>
        {hasMore && found.phase === "done" ? (
          <Button look="quiet" size="sm" className="m-1" onClick={onMore}>
            List older matches
          </Button>
        ) : null}
      </div>
    </section>
  );
}

function emptyWords({ phase, words }: SearchState): string {
  if (words.q === "") return "What you search for is listed here, the newest first.";
  if (phase === "searching") return "Searching";
  return phase === "failed" ? "The search did not go through." : "No match";
}

function Excerpt({ match }: { match: SearchMatch }) {
  const pieces = excerptOf(match);
  const [first] = pieces;
  const cut = first && !first.marked && first.text.length > LEAD;
  return (
    <span className="truncate-line whitespace-pre text-ink-2">
      {pieces.map((piece, index) =>
        piece.marked ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no identity of their own.
          <mark key={index} className="rounded-[2px] bg-skip/30 text-ink">
            {piece.text}
          </mark>
        ) : index === 0 && cut ? (
          `…${piece.text.slice(-LEAD).trimStart()}`
        ) : (
          piece.text
        ),
      )}
    </span>
  );
}
