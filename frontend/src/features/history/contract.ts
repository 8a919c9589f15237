// Shapes of the history's part of the API that the generated document does not hold yet.
import type { Change, OutcomeKind, Run } from "~/api/types";

export interface RunTotals {
  total: number;
  by_outcome: Partial<Record<OutcomeKind, number>>;
  unfinished: number;
  kept: number;
  log_bytes: number;
  artifact_bytes: number;
}

export interface SavedFilter {
  id: string;
  name: string;
  /** Parameters of the list of runs, or `last` instead of an interval. */
  query: Record<string, unknown>;
  created_at: string;
}

export interface Changes {
  since?: { run_id: string; number: number; finished_at?: string | null } | null;
  changes: Change[];
}

/** A line that matches, cut to what is around the first match. */
export interface Excerpt {
  line: number;
  at: string;
  stream: "stdout" | "stderr" | "system";
  text: string;
  /** In UTF-16 units of `text`. */
  ranges: [number, number][];
}

/** What the search in logs sends, line by line. */
export type SearchFrame =
  | { type: "run"; run: Run; matches: number; lines: Excerpt[] }
  | { type: "progress"; searched_runs: number; searched_bytes: number; before?: string | null }
  | { type: "done"; stopped?: string | null };
