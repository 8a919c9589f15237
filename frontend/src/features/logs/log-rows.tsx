// The rows of a log that are drawn, and below the last one what ends it. All text is text nodes.
// A list for screen readers: every row tells its place in the whole, of which only a part is in the document.
import { Link } from "@tanstack/react-router";
import { type MouseEvent, memo, type ReactNode, type Ref, useMemo } from "react";
import { cn } from "~/lib/cn";
import { formatBytes } from "~/lib/format";
import type { LogLine, SearchMatch, SearchWords } from "./contract";
import type { LineRange } from "./line-range";
import { lineTime, type TimeMode } from "./line-time";
import { downloadUrl } from "./log-requests";
import type { Drawn } from "./log-scroller";
import { marksOf, type ScriptPlace, type Segment, segmentsOf } from "./segments";

/** What is the same for every row. */
export interface RowLook {
  runId: string;
  scriptId: string;
  wrap: boolean;
  time: TimeMode;
  start: string | null | undefined;
  /** What is marked; null when nothing is searched for. */
  words: SearchWords | null;
  onPick: (line: number, extend: boolean) => void;
  /** Opens a line of the script where the log is shown; without it, a link leads to the editor. */
  onPlace: ((place: ScriptPlace) => void) | undefined;
}

interface LogRowsProps {
  range: Drawn;
  /** -1 while it grows. */
  total: number;
  lineAt: (position: number) => LogLine | undefined;
  matchOf: (line: number) => SearchMatch | undefined;
  currentLine: number | null;
  picked: LineRange | null;
  look: RowLook;
  rowsRef: Ref<HTMLDivElement>;
}

export function LogRows({ range, total, lineAt, matchOf, currentLine, picked, look, rowsRef }: LogRowsProps) {
  const rows: ReactNode[] = [];
  for (let position = range.first; position <= range.last; position++) {
    const line = lineAt(position);
    rows.push(
      // biome-ignore lint/a11y/useSemanticElements: a list whose items are virtual.
      <div key={position} role="listitem" aria-posinset={position} aria-setsize={total}>
        {line ? (
          <Row
            line={line}
            told={look.words ? matchOf(line.line) : undefined}
            current={line.line === currentLine}
            picked={picked !== null && line.line >= picked.from && line.line <= picked.to}
            look={look}
          />
        ) : (
          <div className="h-5" aria-busy="true" />
        )}
      </div>,
    );
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above.
    <div ref={rowsRef} role="list" aria-label="Lines">
      {rows}
    </div>
  );
}

interface RowProps {
  line: LogLine;
  told: SearchMatch | undefined;
  current: boolean;
  picked: boolean;
  look: RowLook;
}

const Row = memo(function Row({ line, told, current, picked, look }: RowProps) {
  const { words, wrap } = look;
  const segments = useMemo(
    () => segmentsOf(line.text, words ? marksOf(words, told) : () => []),
    [line.text, words, told],
  );
  const pick = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    look.onPick(line.line, event.shiftKey);
  };
  return (
    <div
      data-stream={line.stream}
      data-line={line.line}
      data-picked={picked || undefined}
      className={cn(
        "flex border-l-2 pr-4",
        wrap ? "min-h-5" : "h-5",
        line.stream === "stderr" ? "border-skip" : "border-transparent",
        picked ? "bg-accent-soft" : current ? "bg-selected" : "hover:bg-hover",
      )}
    >
      <a
        href={`/runs/${encodeURIComponent(look.runId)}?line=${line.line}`}
        tabIndex={-1}
        aria-label={`Line ${line.line}`}
        title="Pick this line; with Shift, up to this line"
        onClick={pick}
        // Shift+click would select text on its way.
        onMouseDown={(event) => (event.shiftKey ? event.preventDefault() : undefined)}
        className={cn(
          "w-(--log-number) shrink-0 select-none pr-3 text-right",
          picked ? "text-accent-ink" : "text-ink-3 hover:text-ink",
        )}
      >
        {line.line}
      </a>
      {look.time === "off" ? null : (
        <time dateTime={line.at} title={line.at} className="w-[110px] shrink-0 select-none pr-3 text-right text-ink-3">
          {lineTime(line.at, look.time, look.start)}
        </time>
      )}
      {line.stream === "stderr" ? <span className="sr-only">stderr: </span> : null}
      <span
        className={cn(
          "flex-1",
          wrap ? "min-w-0 whitespace-pre-wrap [overflow-wrap:anywhere]" : "whitespace-pre",
          line.stream === "system" && "text-ink-3 italic",
        )}
      >
        {segments.map((segment, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no identity of their own.
          <Piece key={index} segment={segment} current={current} look={look} />
        ))}
        {line.cut > 0 ? (
          <>
            <span className="text-ink-3 italic"> … {formatBytes(line.cut)} more, in </span>
            <a href={downloadUrl(look.runId)} download className="text-accent-ink italic hover:underline">
              the download
            </a>
          </>
        ) : null}
      </span>
    </div>
  );
});

function Piece({ segment, current, look }: { segment: Segment; current: boolean; look: RowLook }) {
  const { text, style, marked, place } = segment;
  const content = marked ? (
    <mark className={cn("rounded-[2px]", current ? "bg-skip text-canvas" : "bg-skip/30 text-ink")}>{text}</mark>
  ) : style ? (
    <span style={style}>{text}</span>
  ) : (
    text
  );
  if (!place) return content;
  const link = "rounded-sm text-accent-ink hover:underline";
  if (look.onPlace)
    return (
      <button type="button" className={link} onClick={() => look.onPlace?.(place)}>
        {content}
      </button>
    );
  return (
    <Link
      to="/scripts/$scriptId/code"
      params={{ scriptId: look.scriptId }}
      search={{ file: place.path, line: place.line }}
      className={link}
    >
      {content}
    </Link>
  );
}
