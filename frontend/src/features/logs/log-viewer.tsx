// Shows a log of any length: the rows in sight, the tools, the search, what was picked. Holds nothing of the log.
import { ArrowDown, Copy, Link2, X } from "lucide-react";
import { type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { Run } from "~/api/types";
import { Button, IconButton } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { cn } from "~/lib/cn";
import { plural } from "~/lib/format";
import { useFlag, usePreference } from "~/lib/preference";
import { useStore } from "~/lib/store";
import { rangeWords } from "./line-range";
import { nextMode, type TimeMode } from "./line-time";
import { LogAnnouncer } from "./log-announcer";
import { LogEnd } from "./log-end";
import { LogMarks } from "./log-marks";
import { LogResults } from "./log-results";
import { LogRows, type RowLook } from "./log-rows";
import { LogSearchBar } from "./log-search-bar";
import { LogToolbar } from "./log-toolbar";
import type { RunLog } from "./run-log";
import type { ScriptPlace } from "./segments";
import { useLogKeys } from "./use-log-keys";
import { type LogView, type Picking, useLogView } from "./use-log-view";

interface LogViewerProps {
  log: RunLog;
  run: Run;
  toolbar?: ReactNode;
  className?: string;
  /** Picked lines, where they are in the address; without it the viewer keeps them itself. */
  picking?: Picking;
  /** The log is what the page is for: its keys work wherever the focus is. */
  wholePage?: boolean;
  /** Opens a line of the script beside the log. */
  onPlace?: (place: ScriptPlace) => void;
}

export function LogViewer({ log, run, toolbar, className, picking, wholePage = false, onPlace }: LogViewerProps) {
  const { windows } = log;
  const view = useLogView(log, run, picking);
  const { scroller, found, picked } = view;
  const version = useSyncExternalStore(scroller.subscribe, () => scroller.version);
  const status = useStore(log.status);
  const failure = useStore(log.failure);
  const stream = useStore(log.stream);
  const [time, setTime] = usePreference<TimeMode>("log.time", "off");
  const [wrap, setWrap] = useFlag("log.wrap", true);
  const [searching, setSearching] = useState(false);
  const [listed, setListed] = useFlag("log.search.list", false);
  const root = useRef<HTMLDivElement>(null);
  const viewRef = useRef<HTMLDivElement>(null);
  const tallRef = useRef<HTMLDivElement>(null);
  const blockRef = useRef<HTMLDivElement>(null);
  const rowsRef = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);

  const current = found.matches[found.current];

  scroller.setWrap(wrap);
  useLayoutEffect(() => {
    const [view, tall, block, rows] = [viewRef.current, tallRef.current, blockRef.current, rowsRef.current];
    return view && tall && block && rows ? scroller.attach({ view, tall, block, rows }) : undefined;
  }, [scroller]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these is drawn, and may change heights.
  useLayoutEffect(() => scroller.settle(), [scroller, version, wrap, time, status, run.state, found, picked]);

  const openSearch = () => {
    setSearching(true);
    input.current?.select();
    input.current?.focus();
  };
  useEffect(() => {
    if (searching) input.current?.focus();
  }, [searching]);
  const closeSearch = () => {
    setSearching(false);
    view.search.close();
    viewRef.current?.focus({ preventScroll: true });
  };
  const leave = () => {
    if (searching) closeSearch();
    else if (picked) view.onPick(null);
    else return false;
    return true;
  };
  useLogKeys(root, wholePage, {
    scroller,
    openSearch,
    escape: leave,
    step: view.step,
    wrap: () => setWrap(!wrap),
    times: () => setTime(nextMode(time)),
    firstError: () => void view.firstError(),
    pick: (extend) => {
      const line = current ?? windows.line(scroller.firstWhole);
      if (line) view.pickLine(line.line, extend);
    },
  });

  const words = found.words.q === "" ? null : found.words;
  const start = run.started_at;
  const look = useMemo<RowLook>(
    () => ({ runId: run.id, scriptId: run.script_id, wrap, time, start, words, onPick: view.pickLine, onPlace }),
    [run.id, run.script_id, wrap, time, start, words, view.pickLine, onPlace],
  );
  const { range, following } = scroller;
  const total = windows.total;
  const digits = String(Math.max(windows.lines_all, 100)).length;
  return (
    <div ref={root} className={cn("@container relative flex min-h-0 flex-col bg-sunken", className)}>
      <LogToolbar
        status={
          status === "lost" ? <span className="px-1 text-skip text-xs">Connection lost, trying again</span> : null
        }
        tools={{
          searching,
          stream,
          time,
          wrap,
          following,
          seeking: view.seeking,
          empty: total === 0 && stream === null,
          copies: picked ? "Copy the picked lines" : "Copy the log",
          onSearch: () => (searching ? closeSearch() : openSearch()),
          onStream: (next) => void view.show(next),
          onTime: setTime,
          onWrap: setWrap,
          onFollow: (on) => scroller.follow(on),
          onFirstError: () => void view.firstError(),
          onCopy: () => void view.copy(picked),
        }}
      >
        {toolbar}
      </LogToolbar>
      {searching ? (
        <LogSearchBar
          found={found}
          inputRef={input}
          stale={!windows.ended}
          listed={listed}
          onSearch={view.startSearch}
          onStep={view.step}
          onList={() => setListed(!listed)}
          onClose={closeSearch}
        />
      ) : null}
      {failure || windows.failure ? (
        <ErrorNotice
          error={failure ?? windows.failure}
          unchanged="The log on disk is untouched."
          onRetry={failure ? () => log.retry() : undefined}
          className="m-3"
        />
      ) : null}
      <div className="flex min-h-0 flex-1 @max-3xl:flex-col">
        <div className="relative min-h-0 min-w-0 flex-1">
          {/* biome-ignore lint/a11y/useSemanticElements: a scrolled region that the keyboard must reach. */}
          <div
            ref={viewRef}
            role="region"
            aria-label="Log"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys scroll it.
            tabIndex={0}
            data-testid="log"
            data-total={total}
            data-following={following}
            className="absolute inset-0 overflow-auto font-mono text-[12.5px] leading-5 outline-offset-[-1px] [overflow-anchor:none] focus-visible:outline-1"
            style={{ "--log-number": `calc(${digits}ch + 22px)` } as React.CSSProperties}
          >
            <div ref={tallRef} className="relative min-w-full">
              <div
                ref={blockRef}
                className={cn("absolute left-0 min-w-full", wrap ? "w-full" : "w-max", picked && "pb-12")}
              >
                <LogRows
                  rowsRef={rowsRef}
                  range={range}
                  total={windows.ended ? total : -1}
                  lineAt={(position) => windows.line(position)}
                  matchOf={(line) => view.search.matchOf(line)}
                  currentLine={current?.line ?? null}
                  picked={picked}
                  look={look}
                />
                {range.last >= total ? (
                  <LogEnd run={run} status={status} empty={total === 0} failed={failure !== null} stream={stream} />
                ) : null}
              </div>
            </div>
          </div>
          {words && found.matches.length > 0 ? (
            <LogMarks matches={found.matches} current={current} extent={scroller.extent} />
          ) : null}
          {total > 0 ? <Floating view={view} total={total} /> : null}
        </div>
        {searching && listed ? (
          <LogResults
            found={found}
            hasMore={view.search.hasMore}
            onMore={() => void view.search.more()}
            onSelect={(index) => {
              view.search.select(index);
              view.goToMatch(found.matches[index] ?? null);
            }}
          />
        ) : null}
      </div>
      <LogAnnouncer windows={windows} following={following} />
    </div>
  );
}

/** What lies over the log: the picked lines and what can be done with them, and the way back to the end. */
function Floating({ view, total }: { view: LogView; total: number }) {
  const { scroller, picked } = view;
  const fresh = scroller.following ? 0 : total - scroller.seen;
  return (
    <div className="pointer-events-none absolute inset-x-3 bottom-3 flex flex-wrap-reverse items-center justify-center gap-2 *:pointer-events-auto">
      {picked ? (
        <div
          data-testid="log-picked"
          className="flex h-8 animate-rise items-center gap-0.5 rounded-full border border-line-strong bg-raised pr-0.5 pl-3 text-sm shadow-float"
        >
          <span className="num whitespace-nowrap pr-1 text-ink-2">{rangeWords(picked)}</span>
          <Button look="quiet" size="sm" className="rounded-full" onClick={() => void view.copyLink(picked)}>
            <Link2 aria-hidden /> Link
          </Button>
          <Button look="quiet" size="sm" className="rounded-full" onClick={() => void view.copy(picked)}>
            <Copy aria-hidden /> Text
          </Button>
          <IconButton
            label="Let go of the lines"
            hint="Let go (Esc)"
            className="rounded-full"
            onClick={() => view.onPick(null)}
          >
            <X />
          </IconButton>
        </div>
      ) : null}
      {fresh > 0 ? (
        <button
          type="button"
          onClick={() => scroller.follow(true)}
          className="num flex h-8 animate-rise items-center gap-1.5 rounded-full border border-line-strong bg-raised px-3 text-ink text-xs shadow-float hover:bg-panel"
        >
          <ArrowDown aria-hidden className="size-3.5" /> {plural(fresh, "new line")}
        </button>
      ) : null}
    </div>
  );
}
