// Server state: every query's key and fetch, in one place, because the event stream (app/live-events) writes to the
// same keys. Keys: ["scripts", …], ["script", id, part?], ["runs", filters], ["run", id, part?], ["run-totals", script?],
// ["dashboard"], ["system"], ["settings"], ["settings", "changes"], ["doctor"], ["images"], ["backups"].
import { type InfiniteData, infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import { type RunFilters, runParams } from "./run-filters";
import type { PreviewRequest, Run, SettingsView } from "./types";

const PAGE = 50;
/** Lists of scripts are held whole: they are narrowed and ordered here, while somebody types. */
const SCRIPTS_PAGE = 250;

export const systemQuery = queryOptions({
  queryKey: ["system"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/system", { signal })),
  refetchInterval: 30_000,
});

export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: ({ signal }): Promise<SettingsView> => unwrap(client.GET("/api/v1/settings", { signal })),
});

const CHANGES_PAGE = 25;

export const settingsChangesQuery = infiniteQueryOptions({
  queryKey: ["settings", "changes"],
  initialPageParam: undefined as string | undefined,
  queryFn: ({ pageParam, signal }) =>
    unwrap(
      client.GET("/api/v1/settings/changes", {
        params: { query: { limit: CHANGES_PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
        signal,
      }),
    ),
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

const EXAMINING_MS = 700;

/** Looked at again while somebody examines. */
export const doctorQuery = queryOptions({
  queryKey: ["doctor"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/doctor", { signal })),
  refetchInterval: ({ state }) => (state.data?.running || state.data?.ran_at === null ? EXAMINING_MS : false),
});

export const imagesQuery = queryOptions({
  queryKey: ["images"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/images", { signal })),
});

export const backupsQuery = queryOptions({
  queryKey: ["backups"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/backups", { signal })),
});

export const dashboardQuery = queryOptions({
  queryKey: ["dashboard"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/dashboard", { signal })),
  refetchInterval: 30_000,
});

export const scriptsQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: ["scripts", q],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        client.GET("/api/v1/scripts", {
          params: { query: { limit: SCRIPTS_PAGE, ...(q ? { q } : {}), ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: (previous) => previous,
  });

export const scriptQuery = (id: string) =>
  queryOptions({
    queryKey: ["script", id],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/scripts/{id}", { params: { path: { id } }, signal })),
  });

export const dependenciesQuery = (id: string) =>
  queryOptions({
    queryKey: ["script", id, "dependencies"],
    queryFn: ({ signal }) =>
      unwrap(client.GET("/api/v1/scripts/{id}/dependencies", { params: { path: { id } }, signal })),
  });

/** What would come of importing a text into a list. A POST for its size; nothing is changed. */
export const previewQuery = (id: string, body: PreviewRequest) =>
  queryOptions({
    queryKey: ["script", id, "preview", body],
    queryFn: ({ signal }) =>
      unwrap(client.POST("/api/v1/scripts/{id}/dependencies/preview", { params: { path: { id } }, body, signal })),
    // Every key typed makes another.
    gcTime: 10_000,
  });

/** The package that brings a module; null where none is needed. */
export const moduleQuery = (name: string) =>
  queryOptions({
    queryKey: ["module", name],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/dependencies/module", { params: { query: { name } }, signal })),
    select: (answer) => answer.missing ?? null,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const runsQuery = (filters: RunFilters) =>
  infiniteQueryOptions({
    queryKey: ["runs", filters],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE, ...runParams(filters, new Date()), ...(pageParam ? { cursor: pageParam } : {}) };
      return unwrap(client.GET("/api/v1/runs", { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: (previous) => previous,
  });

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["run", id],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/runs/{id}", { params: { path: { id } }, signal })),
  });

/** What differs from the script's last success before this run. */
export const changesQuery = (id: string) =>
  queryOptions({
    queryKey: ["run", id, "changes"],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/runs/{id}/changes", { params: { path: { id } }, signal })),
    // Between two runs that are over nothing changes any more.
    staleTime: Number.POSITIVE_INFINITY,
  });

export const statsQuery = (id: string) =>
  queryOptions({
    queryKey: ["run", id, "stats"],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/runs/{id}/stats", { params: { path: { id } }, signal })),
  });

export const artifactsQuery = (id: string) =>
  queryOptions({
    queryKey: ["run", id, "artifacts"],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/runs/{id}/artifacts", { params: { path: { id } }, signal })),
  });

const ORDER: Run["state"][] = ["queued", "starting", "running", "stopping", "collecting", "finished"];

export type RunPages = InfiniteData<{ items: Run[] }>;

/** A list of runs with this one as it is now; a list that does not hold it stays as it is, to the identity. */
export function replaceRun(data: RunPages | undefined, run: Run): RunPages | undefined {
  if (!data?.pages.some((page) => page.items.some((each) => each.id === run.id))) return data;
  const pages = data.pages.map((page) => ({
    ...page,
    items: page.items.map((each) => (each.id === run.id ? newerRun(each, run) : each)),
  }));
  return { ...data, pages };
}

/** Two sources tell of one run (the event stream and its own socket), in no agreed order: the later state wins. */
export function newerRun(known: Run | undefined, told: Run): Run {
  if (!known || known.id !== told.id) return told;
  return ORDER.indexOf(told.state) >= ORDER.indexOf(known.state) ? told : known;
}
