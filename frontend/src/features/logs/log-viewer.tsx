// Shows a log: virtual rows, the stream's edge, colours, follow. All text is text nodes.
// Follow lets go as soon as the reader scrolls up, and takes hold again at the end.
import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, Clock, Copy, WrapText } from "lucide-react";
import { memo, type ReactNode, type UIEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { toast } from "sonner";
import type { Run } from "~/api/types";
import { IconButton } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { cn } from "~/lib/cn";
import { formatClock, plural } from "~/lib/format";
import { useFlag } from "~/lib/preference";
import { useStore } from "~/lib/store";
import { parseAnsi, plainText } from "./ansi";
import type { LogLine } from "./log-buffer";
import { LogEnd } from "./log-end";
import type { RunLog } from "./run-log";
import { useLogVersion } from "./use-run-log";

const ROW = 20;
/** Within this distance of the end, the view counts as being at the end. */
const NEAR = 24;

/**
 * The rows to draw while following: always the last ones. The browser tells of a scroll only a frame later, and in a
 * flood that frame would show nothing.
 */
function lastRows({ count, startIndex, endIndex }: Range): number[] {
  const shown = Math.max(endIndex - startIndex, 40) + 10;
  const first = Math.max(0, count - shown);
  return Array.from({ length: count - first }, (_, index) => first + index);
}

interface LogViewerProps {
  log: RunLog;
  run: Run;
  toolbar?: ReactNode;
  className?: string;
}

export function LogViewer({ log, run, toolbar, className }: LogViewerProps) {
  const { buffer } = log;
  const version = useLogVersion(buffer);
  const status = useStore(log.status);
  const failure = useStore(log.failure);
  const earlier = useStore(log.earlier) + buffer.dropped;
  const [times, setTimes] = useFlag("log.times", false);
  const [wrap, setWrap] = useFlag("log.wrap", true);
  const [following, setFollowing] = useState(true);
  const [seen, setSeen] = useState(0);
  const scroller = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const droppedBefore = useRef(buffer.dropped);

  // A new function only when lines were dropped: each new one makes the virtualiser measure everything again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `dropped` is when the keys moved.
  const keyOf = useCallback((index: number) => buffer.line(index)?.n ?? -index, [buffer, buffer.dropped]);
  const virtual = useVirtualizer({
    count: buffer.count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 20,
    getItemKey: keyOf,
    rangeExtractor: following ? lastRows : defaultRangeExtractor,
  });
  const height = virtual.getTotalSize();

  const toEnd = useCallback(() => {
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines and measured heights are what move the end.
  useLayoutEffect(() => {
    if (following) toEnd();
  }, [following, version, height, wrap, times, status, toEnd]);

  // What stands above the log may grow when the run ends, and take from its height.
  useEffect(() => {
    const element = scroller.current;
    if (!element || !following) return;
    const watch = new ResizeObserver(toEnd);
    watch.observe(element);
    return () => watch.disconnect();
  }, [following, toEnd]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` is when lines may have been dropped.
  useLayoutEffect(() => {
    const gone = buffer.dropped - droppedBefore.current;
    droppedBefore.current = buffer.dropped;
    if (gone > 0 && !following && scroller.current) scroller.current.scrollTop -= gone * ROW;
  }, [version, following, buffer]);

  const letGo = () => {
    setFollowing(false);
    setSeen(buffer.dropped + buffer.count);
  };
  const onScroll = (event: UIEvent<HTMLDivElement>) => {
    const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
    const atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    if (atEnd && !following) setFollowing(true);
    else if (!atEnd && following && scrollTop < lastTop.current - 2) letGo();
    lastTop.current = scrollTop;
  };
  const fresh = buffer.dropped + buffer.count - seen;
  const copy = async () => {
    await navigator.clipboard.writeText(plainText(buffer.text().replaceAll("\n", "\u2028")).replaceAll("\u2028", "\n"));
    toast(`${plural(buffer.count, "line")} copied`);
  };

  return (
    <div className={cn("relative flex min-h-0 flex-col bg-sunken", className)}>
      <div className="flex h-9 shrink-0 items-center gap-1 border-line border-b bg-panel px-2">
        <div className="flex min-w-0 flex-1 items-center gap-2">{toolbar}</div>
        {status === "lost" ? <span className="px-1 text-skip text-xs">Connection lost, trying again</span> : null}
        <IconButton label="Timestamps" pressed={times} onClick={() => setTimes(!times)}>
          <Clock />
        </IconButton>
        <IconButton label="Wrap long lines" pressed={wrap} onClick={() => setWrap(!wrap)}>
          <WrapText />
        </IconButton>
        <IconButton label="Copy what is loaded" disabled={buffer.count === 0} onClick={copy}>
          <Copy />
        </IconButton>
        <IconButton
          label={following ? "Following the end" : "Follow the end"}
          pressed={following}
          onClick={() => (following ? letGo() : setFollowing(true))}
        >
          <ArrowDown />
        </IconButton>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a scrolled region that the keyboard must reach. */}
      <div
        ref={scroller}
        role="region"
        aria-label="Log"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll it.
        tabIndex={0}
        data-testid="log"
        onScroll={onScroll}
        onWheel={(event) => {
          if (event.deltaY < 0 && following && event.currentTarget.scrollTop > 0) letGo();
        }}
        className="min-h-0 flex-1 overflow-auto py-1 font-mono text-[12.5px] leading-5 outline-offset-[-2px]"
      >
        {failure ? (
          <ErrorNotice error={failure} unchanged="The log on disk is untouched." className="m-3 font-sans" />
        ) : null}
        {earlier > 0 ? <Earlier count={earlier} records={buffer.dropped === 0} /> : null}
        <div className="relative min-w-full" style={{ height }}>
          {virtual.getVirtualItems().map((item) => {
            const line = buffer.line(item.index);
            return line ? (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className={cn("absolute top-0 left-0 min-w-full", wrap ? "w-full" : "w-max")}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <Row line={line} wrap={wrap} times={times} numbered={earlier === 0 || buffer.dropped > 0} />
              </div>
            ) : null;
          })}
        </div>
        <LogEnd run={run} status={status} empty={buffer.count === 0} />
      </div>
      {!following && fresh > 0 ? (
        <button
          type="button"
          onClick={() => setFollowing(true)}
          className="absolute bottom-3 left-1/2 -translate-x-1/2 animate-rise rounded-full border border-line-strong bg-raised px-3 py-1 text-ink text-xs shadow-float"
        >
          <span aria-hidden>▼</span> {plural(fresh, "new line")}
        </button>
      ) : null}
    </div>
  );
}

const Earlier = ({ count, records }: { count: number; records: boolean }) => (
  <p className="border-line border-b px-4 py-1 font-sans text-ink-3 text-xs" data-testid="log-earlier">
    {plural(count, records ? "earlier record" : "earlier line")} on disk, not loaded here. Download the log to read it
    from the start.
  </p>
);

interface RowProps {
  line: LogLine;
  wrap: boolean;
  times: boolean;
  numbered: boolean;
}

const Row = memo(function Row({ line, wrap, times, numbered }: RowProps) {
  return (
    <div
      data-stream={line.stream}
      className={cn(
        "group flex border-l-2 pr-4 hover:bg-hover",
        line.stream === "stderr" ? "border-skip" : "border-transparent",
      )}
    >
      <span aria-hidden className="w-14 shrink-0 select-none pr-3 text-right text-ink-3/80">
        {numbered ? line.n : "·"}
      </span>
      {times ? (
        <time dateTime={line.at} className="w-[106px] shrink-0 select-none text-ink-3">
          {formatClock(new Date(line.at))}
        </time>
      ) : null}
      <span
        className={cn(
          "min-h-5 flex-1",
          wrap ? "min-w-0 whitespace-pre-wrap [overflow-wrap:anywhere]" : "whitespace-pre",
          line.stream === "system" && "text-ink-3 italic",
        )}
      >
        {parseAnsi(line.text).map((piece, index) =>
          piece.style ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no identity of their own.
            <span key={index} style={piece.style}>
              {piece.text}
            </span>
          ) : (
            piece.text
          ),
        )}
        {line.clipped > 0 ? (
          <span className="text-ink-3 italic"> … {plural(line.clipped, "character")} more</span>
        ) : null}
      </span>
    </div>
  );
});
