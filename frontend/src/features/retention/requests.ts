import { queryOptions } from "@tanstack/react-query";
import { raw } from "~/api/client";

/** What a policy would remove at this moment. */
export interface RetentionPreview {
  runs: number;
  bytes: number;
  oldest?: string | null;
  newest?: string | null;
  /** The largest first, at most twenty. */
  by_script: { script_id: string; script_name: string; runs: number; bytes: number }[];
  /** There is more than was looked at: at least so much would go. */
  truncated: boolean;
}

/** The bounds as they would hold; one that is left out holds as it does now. */
export type PreviewTerms = { max_age_days?: number; max_runs?: number; max_bytes?: number; script?: string };

export const previewQuery = (terms: PreviewTerms) =>
  queryOptions({
    queryKey: ["retention-preview", terms],
    queryFn: async ({ signal }) => {
      const set = Object.entries(terms).filter(([, value]) => value !== undefined);
      const search = new URLSearchParams(set.map(([key, value]) => [key, String(value)]));
      const response = await raw(`/retention/preview?${search}`, { signal });
      return (await response.json()) as RetentionPreview;
    },
    placeholderData: (previous) => previous,
    retry: false,
    // Runs come and go: what was true a while ago is asked for again.
    staleTime: 10_000,
    gcTime: 60_000,
  });
