// What the Code tab asks of a script's folder and of its revisions. Keys begin with ["script", id, …], so that news of
// the script makes all of it read again.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { ApiError, raw } from "~/api/client";
import { segments } from "~/api/files";
import type { FileChange, FolderEntry, FolderList, Revision, RevisionPage } from "./contract";

const of = (scriptId: string) => `/scripts/${encodeURIComponent(scriptId)}`;
const json = (method: string, body: unknown): RequestInit => ({
  method,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
const read = async <T>(path: string, init?: RequestInit): Promise<T> => (await (await raw(path, init)).json()) as T;

export const folderQuery = (scriptId: string) =>
  queryOptions({
    queryKey: ["script", scriptId, "files"],
    queryFn: ({ signal }) => read<FolderList>(`${of(scriptId)}/files`, { signal }),
  });

const NOTHING: readonly FolderEntry[] = [];
export const entriesOf = (list: FolderList | undefined): readonly FolderEntry[] => list?.items ?? NOTHING;

export const makeFolder = (scriptId: string, path: string) => raw(`${of(scriptId)}/folders`, json("POST", { path }));

export const deleteTree = (scriptId: string, path: string) =>
  raw(`${of(scriptId)}/files/${segments(path)}?recursive=true`, { method: "DELETE" });

export const revisionsQuery = (scriptId: string) =>
  infiniteQueryOptions({
    queryKey: ["script", scriptId, "revisions"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      read<RevisionPage>(
        `${of(scriptId)}/revisions?${new URLSearchParams({ limit: "50", ...(pageParam ? { cursor: pageParam } : {}) })}`,
        { signal },
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const revisionQuery = (scriptId: string, number: number) =>
  queryOptions({
    queryKey: ["script", scriptId, "revision", number],
    queryFn: ({ signal }) => read<Revision>(`${of(scriptId)}/revisions/${number}`, { signal }),
  });

/** What differs from revision `other` to revision `number`; 0 is the empty folder before the first. */
export const changesQuery = (scriptId: string, number: number, other: number) =>
  queryOptions({
    queryKey: ["script", scriptId, "revision", number, "changes", other],
    queryFn: async ({ signal }) =>
      (await read<{ items: FileChange[] }>(`${of(scriptId)}/revisions/${number}/changes?with=${other}`, { signal }))
        .items,
    // Revisions do not change.
    staleTime: Number.POSITIVE_INFINITY,
  });

/** A file as it was; null where the revision has none of this name. */
export const oldTextQuery = (scriptId: string, number: number, path: string) =>
  queryOptions({
    queryKey: ["script", scriptId, "revision", number, "text", path],
    queryFn: ({ signal }) => readOld(scriptId, number, path, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });

async function readOld(scriptId: string, number: number, path: string, signal: AbortSignal): Promise<string | null> {
  if (number < 1) return null;
  try {
    return await (await raw(`${of(scriptId)}/revisions/${number}/files/${segments(path)}`, { signal })).text();
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export const labelRevision = (scriptId: string, number: number, label: string | null) =>
  raw(`${of(scriptId)}/revisions/${number}`, json("PATCH", { label }));

export const restoreRevision = (scriptId: string, number: number) =>
  read<{ revision: number }>(`${of(scriptId)}/revisions/${number}/restore`, { method: "POST" });
