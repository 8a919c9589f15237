// What a search in logs has found so far. Pure; `use-log-search` feeds it.
import type { Run } from "~/api/types";
import type { Excerpt, SearchFrame } from "../contract";

/** So many at once; more are looked for when somebody asks for them. */
export const MOST_RUNS = 100;

export interface Found {
  run: Run;
  matches: number;
  lines: readonly Excerpt[];
}

export interface Findings {
  found: readonly Found[];
  searchedRuns: number;
  searchedBytes: number;
  /** All runs from then on have been looked at; null before the first word of it. */
  before: string | null;
  /** Leads to what is older than that. */
  cursor: string | null;
  /** Why it ended with older runs not looked at. */
  stopped: "enough" | "cancelled" | null;
}

export const NOTHING: Findings = {
  found: [],
  searchedRuns: 0,
  searchedBytes: 0,
  before: null,
  cursor: null,
  stopped: null,
};

export const lines = (findings: Findings): number => findings.found.reduce((sum, { matches }) => sum + matches, 0);

/** `base` is what earlier parts of the same search came to; each part counts from zero. */
export function withFrames(base: Findings, now: Findings, frames: readonly SearchFrame[]): Findings {
  let next = now;
  const news: Found[] = [];
  for (const frame of frames) {
    if (frame.type === "run") {
      news.push({ run: frame.run, matches: frame.matches, lines: frame.lines });
      next = { ...next, before: frame.run.queued_at, cursor: frame.cursor };
    } else if (frame.type !== "failed")
      next = {
        ...next,
        searchedRuns: base.searchedRuns + frame.searched_runs,
        searchedBytes: base.searchedBytes + frame.searched_bytes,
        before: frame.before ?? next.before,
        cursor: frame.cursor ?? next.cursor,
      };
  }
  return news.length > 0 ? { ...next, found: [...next.found, ...news] } : next;
}

export interface Piece {
  at: number;
  text: string;
  hit: boolean;
}

/** A text cut at the ranges that matched. Ranges that overlap or reach beyond it are cut to what is left of it. */
export function pieces(text: string, ranges: readonly (readonly number[])[]): Piece[] {
  const cut: Piece[] = [];
  let at = 0;
  const put = (end: number, hit: boolean) => {
    if (end > at) cut.push({ at, text: text.slice(at, end), hit });
    at = Math.max(at, end);
  };
  for (const [from = 0, to = 0] of [...ranges].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))) {
    put(Math.min(from, text.length), false);
    put(Math.min(to, text.length), true);
  }
  put(text.length, false);
  return cut;
}
