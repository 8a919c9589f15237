// What the address of the list of scripts holds: what is looked for, the filters, the order, what is open. Pure; a
// hand-written or old address never breaks the page, it only asks for less.
import type { EnvironmentStatus } from "~/api/types";
import { OUTCOMES } from "~/features/runs/describe";

export const SORTS = ["name", "last_run", "next_run"] as const;
export type Sort = (typeof SORTS)[number];

export const WAYS_TO_BEGIN = ["blank", "template", "import"] as const;
export type WayToBegin = (typeof WAYS_TO_BEGIN)[number];

export type EnvironmentState = EnvironmentStatus["state"];
export const ENVIRONMENT_STATES: readonly EnvironmentState[] = [
  "in_step",
  "needs_install",
  "missing",
  "building",
  "failed",
  "broken",
  "not_needed",
];

/** Beside the kinds of outcomes: what has not ended, and what never began. */
export const OUTCOME_CHOICES: readonly string[] = [...OUTCOMES.map((each) => each.value), "active", "none"];

export interface ScriptsSearch {
  q?: string | undefined;
  /** Lists are separated by commas. A script has all of the tags. */
  tags?: string | undefined;
  /** How the last run ended; any of them. */
  outcome?: string | undefined;
  scheduled?: boolean | undefined;
  paused?: boolean | undefined;
  /** Any of them. */
  environment?: string | undefined;
  /** Absent for the name. */
  sort?: Exclude<Sort, "name"> | undefined;
  reverse?: true | undefined;
  /** The trash instead. */
  trash?: true | undefined;
  new?: WayToBegin | undefined;
}

export const listOf = (text: string | undefined): string[] => text?.split(",").filter(Boolean) ?? [];
export const asList = (list: readonly string[]): string | undefined => (list.length > 0 ? list.join(",") : undefined);

/** A tag may look like a number, and old addresses hold lists. */
function words(value: unknown): string[] {
  const parts = Array.isArray(value) ? value : typeof value === "string" ? value.split(",") : [value];
  const texts = parts.flatMap((part) =>
    typeof part === "string" || typeof part === "number" ? [`${part}`.trim()] : [],
  );
  return [...new Set(texts.filter(Boolean))];
}
const some = (value: unknown, known: readonly string[]) => asList(words(value).filter((word) => known.includes(word)));
const flag = (value: unknown): boolean | undefined =>
  value === true || value === "true" ? true : value === false || value === "false" ? false : undefined;
const on = (value: unknown): true | undefined => (flag(value) ? true : undefined);

export function parseScriptsSearch(from: Record<string, unknown>): ScriptsSearch {
  const sort = SORTS.find((each) => each === from.sort);
  return {
    q: typeof from.q === "string" && from.q !== "" ? from.q : typeof from.q === "number" ? `${from.q}` : undefined,
    tags: asList(words(from.tags)),
    outcome: some(from.outcome, OUTCOME_CHOICES),
    scheduled: flag(from.scheduled),
    paused: flag(from.paused),
    environment: some(from.environment, ENVIRONMENT_STATES),
    sort: sort === "name" ? undefined : sort,
    reverse: on(from.reverse),
    trash: on(from.trash),
    new: from.new === true ? "blank" : WAYS_TO_BEGIN.find((each) => each === from.new),
  };
}

/** What narrows the list, without order and what is open. */
export type Filters = Pick<ScriptsSearch, "tags" | "outcome" | "scheduled" | "paused" | "environment">;
export const FILTER_KEYS = ["tags", "outcome", "scheduled", "paused", "environment"] as const;

export const NO_FILTERS: Filters = {
  tags: undefined,
  outcome: undefined,
  scheduled: undefined,
  paused: undefined,
  environment: undefined,
};

export const isNarrowed = (search: ScriptsSearch): boolean =>
  Boolean(search.q) || FILTER_KEYS.some((key) => search[key] !== undefined);
