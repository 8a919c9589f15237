// Every script, read page by page and held: search, filters and order are worked out here, without asking again.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { scriptsQuery } from "~/api/queries";
import type { ListedScript } from "../contract";

export function useAllScripts() {
  const query = useInfiniteQuery(scriptsQuery(""));
  const { data, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
  const scripts = useMemo(() => (data?.pages.flatMap((page) => page.items) ?? []) as ListedScript[], [data]);
  return {
    scripts,
    isPending: query.isPending,
    /** Pages are still to come. */
    isPartial: hasNextPage,
    error: query.error,
    retry: () => void (data && hasNextPage ? fetchNextPage() : query.refetch()),
  };
}
