// What the list of scripts asks the server, and the queries that keep the answers. Keys: ["scripts", …] for lists,
// ["tags"], ["templates"], ["code-search", text].
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { ask, BASE, raw } from "~/api/client";
import type {
  ArchiveFormat,
  BulkAction,
  BulkResult,
  CodeSearch,
  Imported,
  ListedScript,
  NewFromTemplate,
  TagView,
  Template,
} from "./contract";

const script = (id: string, more = "") => `/scripts/${encodeURIComponent(id)}${more}`;
const tag = (name: string) => `/tags/${encodeURIComponent(name)}`;

interface ScriptPage {
  items: ListedScript[];
  next_cursor?: string | null;
}

export const trashQuery = infiniteQueryOptions({
  queryKey: ["scripts", { trashed: true }],
  initialPageParam: undefined as string | undefined,
  queryFn: ({ pageParam, signal }) => {
    const query = new URLSearchParams({
      trashed: "true",
      // What was thrown away last is what is looked for.
      sort: "updated",
      limit: "100",
      ...(pageParam ? { cursor: pageParam } : {}),
    });
    return ask<ScriptPage>("GET", `/scripts?${query}`, undefined, signal);
  },
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

export const tagsQuery = queryOptions({
  queryKey: ["tags"],
  queryFn: ({ signal }) => ask<{ items: TagView[] }>("GET", "/tags", undefined, signal),
  select: (list) => list.items,
});

export const templatesQuery = queryOptions({
  queryKey: ["templates"],
  queryFn: ({ signal }) => ask<{ items: Template[] }>("GET", "/templates", undefined, signal),
  select: (list) => list.items,
  // Compiled into the server.
  staleTime: Number.POSITIVE_INFINITY,
});

/** Shorter texts are in every file. */
export const LEAST_CODE = 2;

export const codeSearchQuery = (text: string) =>
  queryOptions({
    queryKey: ["code-search", text],
    queryFn: ({ signal }) =>
      ask<CodeSearch>(
        "GET",
        `/scripts/search?${new URLSearchParams({ q: text, ignore_case: "true" })}`,
        undefined,
        signal,
      ),
    enabled: text.length >= LEAST_CODE,
    retry: false,
    // Files change without a word; what was just typed is asked again.
    staleTime: 5_000,
    gcTime: 30_000,
  });

export const createFrom = (body: NewFromTemplate) => ask<ListedScript>("POST", "/scripts", body);
export const duplicateScript = (id: string, body: { name?: string; schedules?: boolean }) =>
  ask<ListedScript>("POST", script(id, "/duplicate"), body);
export const actOnMany = (ids: readonly string[], action: BulkAction) =>
  ask<BulkResult>("POST", "/scripts/bulk", { ids, action });
/** Only for one in the trash. */
export const deleteForever = (id: string) => ask<void>("DELETE", script(id, "?forever=true"));

export const changeTag = (name: string, body: Partial<Pick<TagView, "name" | "colour">>) =>
  ask<TagView>("PATCH", tag(name), body);
export const deleteTag = (name: string) => ask<void>("DELETE", tag(name));

/** How a file is to be taken. */
export interface Taking {
  name: string | undefined;
  /** Schedules are switched on or off as they were; otherwise all are off. */
  keepsSchedules: boolean;
}

export async function importScript(file: File, { name, keepsSchedules }: Taking): Promise<Imported> {
  const query = new URLSearchParams({
    filename: file.name,
    ...(name ? { name } : {}),
    ...(keepsSchedules ? { schedules: "as_they_were" } : {}),
  });
  const headers = { "content-type": "application/octet-stream" };
  return (await (await raw(`/scripts/import?${query}`, { method: "POST", headers, body: file })).json()) as Imported;
}

export const archiveUrl = (id: string, format: ArchiveFormat) => `${BASE}${script(id, `/archive?format=${format}`)}`;
