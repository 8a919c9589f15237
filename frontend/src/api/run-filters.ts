// What a list of runs can be narrowed by, as the address holds it, and as the server is asked. Pure.

/** How far back from now, as saved filters and addresses say it. */
export const LASTS = ["1h", "24h", "7d", "30d"] as const;
export type Last = (typeof LASTS)[number];

export interface RunFilters {
  /** Id of a script. */
  script?: string | undefined;
  tag?: string | undefined;
  /** Kinds of outcome, separated by commas. */
  outcome?: string | undefined;
  state?: string | undefined;
  kind?: string | undefined;
  trigger?: string | undefined;
  schedule?: string | undefined;
  /** Instants, half-open, on when a run was queued. */
  from?: string | undefined;
  to?: string | undefined;
  /** Instead of an interval: until now. */
  last?: Last | undefined;
  /** Seconds from start to end. */
  longer_than?: number | undefined;
  shorter_than?: number | undefined;
  kept?: true | undefined;
  /** Part of the script's name. */
  q?: string | undefined;
  /** Part of the last words of a run. */
  error?: string | undefined;
}

const HOUR = 3_600_000;
const LAST_MS: Record<Last, number> = { "1h": HOUR, "24h": 24 * HOUR, "7d": 7 * 24 * HOUR, "30d": 30 * 24 * HOUR };

/** The filters as parameters of a request. The server knows no "last": it becomes an instant. */
export function runParams({ last, ...filters }: RunFilters, now: Date): Record<string, string> {
  const asked = last ? { ...filters, from: new Date(now.getTime() - LAST_MS[last]).toISOString() } : filters;
  const set = Object.entries(asked).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(set.map(([key, value]) => [key, String(value)]));
}
