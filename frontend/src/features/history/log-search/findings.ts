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
