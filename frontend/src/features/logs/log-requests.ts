// What is asked of the server about a log: windows of lines, and searches that stream their results.
import { BASE, raw } from "~/api/client";
import { linesOf } from "~/api/lines";
import type { LinesFrom, LinesWindow, LogStream, SearchFrame, SearchWords } from "./contract";

const ofRun = (runId: string) => `/runs/${encodeURIComponent(runId)}/log`;

function queryOf(entries: Readonly<Record<string, string | number | boolean | null | undefined>>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(entries)) if (value != null) query.set(key, String(value));
  return query.toString();
}

export async function fetchLines(
  runId: string,
  query: LinesFrom & { limit: number; stream?: LogStream | null },
  signal: AbortSignal,
): Promise<LinesWindow> {
  const response = await raw(`${ofRun(runId)}/lines?${queryOf({ ...query })}`, { signal });
  return (await response.json()) as LinesWindow;
}

export interface SearchRequest extends SearchWords {
  stream?: LogStream | null;
  order?: "newest" | "oldest";
  limit?: number;
  before?: number;
}

/** Tells every frame as it comes; ends with the search, or when the signal says so. */
export async function searchLines(
  runId: string,
  { matchCase, ...query }: SearchRequest,
  signal: AbortSignal,
  take: (frame: SearchFrame) => void,
): Promise<void> {
  const path = `${ofRun(runId)}/search?${queryOf({ ...query, ignore_case: !matchCase })}`;
  const response = await raw(path, { signal });
  if (!response.body) return;
  for await (const line of linesOf(response.body)) take(JSON.parse(line) as SearchFrame);
}

/** The whole log as a file. */
export const downloadUrl = (runId: string): string => `${BASE}${ofRun(runId)}?format=text`;
