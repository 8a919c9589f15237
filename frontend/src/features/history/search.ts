// What the address of the history holds: its filters, and what is looked for in logs.
import type { RunFilters } from "~/api/run-filters";
import { parseFilters } from "./filters/filters";

export interface RunsSearch extends RunFilters {
  /** Absent for the list of runs. */
  mode?: "logs" | undefined;
  /** What is looked for in logs. */
  text?: string | undefined;
  regex?: true | undefined;
  /** Capitals matter. */
  case?: true | undefined;
}

export interface CompareSearch {
  a?: string | undefined;
  b?: string | undefined;
}

const word = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
const flag = (value: unknown): true | undefined => (value === true || value === "true" ? true : undefined);

export const parseRunsSearch = (search: Record<string, unknown>): RunsSearch => ({
  ...parseFilters(search),
  mode: search.mode === "logs" ? "logs" : undefined,
  text: word(search.text),
  regex: flag(search.regex),
  case: flag(search.case),
});

export const parseCompareSearch = (search: Record<string, unknown>): CompareSearch => ({
  a: word(search.a),
  b: word(search.b),
});

/** The filters alone. */
export function filtersOf({
  mode: _mode,
  text: _text,
  regex: _regex,
  case: _case,
  ...filters
}: RunsSearch): RunFilters {
  return filters;
}
