// What the interface asks the server about the past, and the queries that keep the answers.
import { queryOptions } from "@tanstack/react-query";
import { ask, raw } from "~/api/client";
import { linesOf } from "~/api/lines";
import { type RunFilters, runParams } from "~/api/run-filters";
import type { Changes, RunTotals, SavedFilter, SearchFrame } from "./contract";

/** Of all scripts, or of one; the server counts as it goes, so asking costs nothing. */
export const totalsQuery = (script: string | undefined) =>
  queryOptions({
    queryKey: ["run-totals", script ?? null],
    queryFn: ({ signal }) =>
      ask<RunTotals>("GET", `/runs/totals?${new URLSearchParams(script ? { script } : {})}`, undefined, signal),
    placeholderData: (previous) => previous,
  });

/** What differs in `id` from the run `since`. */
export const differencesQuery = (id: string, since: string) =>
  queryOptions({
    queryKey: ["run", id, "changes", since],
    queryFn: ({ signal }) =>
      ask<Changes>(
        "GET",
        `/runs/${encodeURIComponent(id)}/changes?${new URLSearchParams({ with: since })}`,
        undefined,
        signal,
      ),
  });

export const savedFiltersQuery = queryOptions({
  queryKey: ["saved-filters"],
  queryFn: ({ signal }) => ask<{ items: SavedFilter[] }>("GET", "/saved-filters", undefined, signal),
  select: (list) => list.items,
});

const savedFilter = (id: string) => `/saved-filters/${encodeURIComponent(id)}`;
export const saveFilter = (body: Pick<SavedFilter, "name" | "query">) =>
  ask<SavedFilter>("POST", "/saved-filters", body);
export const changeFilter = (id: string, body: Partial<Pick<SavedFilter, "name" | "query">>) =>
  ask<SavedFilter>("PATCH", savedFilter(id), body);
export const deleteFilter = (id: string) => ask<void>("DELETE", savedFilter(id));

export interface LogQuery {
  text: string;
  regex: boolean;
  matchCase: boolean;
  filters: RunFilters;
  /** Behind which it goes on. */
  cursor?: string;
}

/** The frames of a search in many logs, as they come; leaving off reading ends the search. */
export async function* searchLogs(query: LogQuery, signal: AbortSignal): AsyncGenerator<SearchFrame> {
  const { q: name, ...filters } = runParams(query.filters, new Date());
  const params = new URLSearchParams({
    ...filters,
    ...(name ? { name } : {}),
    ...(query.cursor ? { cursor: query.cursor } : {}),
    q: query.text,
    regex: String(query.regex),
    ignore_case: String(!query.matchCase),
  });
  const response = await raw(`/runs/search?${params}`, { signal });
  if (!response.body) return;
  for await (const line of linesOf(response.body)) yield JSON.parse(line) as SearchFrame;
}
