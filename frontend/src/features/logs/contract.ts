// The shapes in which the server tells of a log: windows of lines, the pushed tail, the frames of a search.
// A line belongs to one stream; lines are numbered from 1 in the order in which they begin. A position is a line's
// place among those of the stream that is looked at, and the same as its number when all of them are.
export type LogStream = "stdout" | "stderr" | "system";

export interface LogLine {
  readonly line: number;
  readonly at: string;
  readonly stream: LogStream;
  /** Without its end; escape sequences are still inside. */
  readonly text: string;
  /** Bytes beyond the longest text that is sent. */
  readonly cut: number;
  /** It has no end yet and may grow. */
  readonly open?: boolean;
}

/** What every answer tells of the log as a whole. */
export interface LogTotals {
  /** Lines of the stream that is looked at. */
  total: number;
  lines_all: number;
  bytes: number;
  /** Nobody writes any more. */
  ended: boolean;
}

export interface LinesWindow extends LogTotals {
  /** Position of the first of `lines`. */
  first: number;
  lines: LogLine[];
}

export interface TailFrame extends LinesWindow {
  type: "tail";
}

/** Where a window begins. */
export type LinesFrom = { from: number } | { line: number } | { at: string } | { tail: true };

export interface SearchMatch {
  line: number;
  position: number;
  at: string;
  stream: LogStream;
  /** The surroundings of the first match, not the whole line. */
  text: string;
  /** Matches in `text`, in UTF-16 units. */
  ranges: [start: number, end: number][];
}

export type SearchFrame =
  | { type: "matches"; lines: SearchMatch[] }
  | { type: "progress"; searched_bytes: number; total_bytes: number; matches: number }
  | { type: "done"; matches: number; listed: number; stopped: string | null };

export interface SearchWords {
  q: string;
  regex: boolean;
  matchCase: boolean;
}
