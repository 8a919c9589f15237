// What the interface asks the server about clean-up. Every key begins with "cleanup", so that news of one makes all of
// them be read again.
import { queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "~/api/client";
import type { components } from "~/api/schema";

type Schemas = components["schemas"];

export type Kind = Schemas["CleanupKind"];
export type Preview = Schemas["CleanupPreview"];
export type Group = Schemas["CleanupGroup"];
export type Job = Schemas["CleanupJob"];
export type Report = Schemas["CleanupReport"];
export type RoomItem = Schemas["RoomItem"];
export type CleanupSettings = Schemas["Cleanup"];
export type CleanupWish = Schemas["CleanupWish"];

export const cleanupQuery = queryOptions({
  queryKey: ["cleanup", "standing"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/cleanup", { signal })),
  refetchInterval: (query) => (query.state.data?.running ? 1_000 : 60_000),
});

/** Of these kinds; `null`: of those that go by themselves. The server looks at a good part of the disk for it. */
export const previewQuery = (kinds: readonly Kind[] | null) =>
  queryOptions({
    queryKey: ["cleanup-preview", kinds],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET("/api/v1/cleanup/preview", {
          params: { query: kinds ? { kinds: kinds.join(",") } : {} },
          signal,
        }),
      ),
    placeholderData: (previous) => previous,
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });

export const roomQuery = queryOptions({
  queryKey: ["cleanup-room"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/cleanup/room", { signal })),
  select: (room) => room.items,
  staleTime: 300_000,
  refetchOnWindowFocus: false,
});

export const beginCleanup = (fingerprint: string) => unwrap(client.POST("/api/v1/cleanup", { body: { fingerprint } }));
