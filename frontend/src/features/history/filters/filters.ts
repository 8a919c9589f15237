// The filters of the history as the address holds them, and in words. Pure; the one place that knows their names, what
// each may hold, and which of them narrow a search in logs.
import { LASTS, type Last, type RunFilters } from "~/api/run-filters";
import { OUTCOMES } from "~/features/runs/describe";
import { formatDuration } from "~/lib/format";
import { timeOptions } from "~/lib/time-display";

export type FilterName =
  | "outcome"
  | "script"
  | "time"
  | "tag"
  | "trigger"
  | "schedule"
  | "duration"
  | "error"
  | "state"
  | "kind"
  | "kept";

interface Filter {
  name: FilterName;
  label: string;
  keys: readonly (keyof RunFilters)[];
  /** What it is for, where the label does not say. */
  means: string;
  /** The search in logs knows it, too. */
  inLogs?: true;
}

/** In the order in which they are offered. The script's name is a field of its own. */
export const FILTERS: readonly Filter[] = [
  { name: "outcome", label: "Outcome", keys: ["outcome"], means: "How it ended; several may fit.", inLogs: true },
  { name: "script", label: "Script", keys: ["script"], means: "Runs of one script.", inLogs: true },
  { name: "time", label: "Time", keys: ["last", "from", "to"], means: "When it was queued.", inLogs: true },
  { name: "tag", label: "Tag", keys: ["tag"], means: "Runs of the scripts with a tag.", inLogs: true },
  { name: "trigger", label: "Trigger", keys: ["trigger"], means: "What started it.", inLogs: true },
  { name: "duration", label: "Duration", keys: ["longer_than", "shorter_than"], means: "From its start to its end." },
  { name: "error", label: "Error text", keys: ["error"], means: "In its last words, exception or message." },
  { name: "schedule", label: "Schedule", keys: ["schedule"], means: "Runs that one schedule started." },
  { name: "state", label: "State", keys: ["state"], means: "Queued, running, finished." },
  { name: "kind", label: "Kind", keys: ["kind"], means: "Runs of scripts, or builds of packages." },
  { name: "kept", label: "Kept", keys: ["kept"], means: "Those that retention never removes." },
];

const byName = new Map(FILTERS.map((filter) => [filter.name, filter]));
export const filterOf = (name: FilterName): Filter => byName.get(name) ?? { name, label: name, keys: [], means: "" };

export const isSet = (name: FilterName, filters: RunFilters): boolean =>
  filterOf(name).keys.some((key) => filters[key] !== undefined);

/** The patch that takes a filter away. */
export const without = (name: FilterName): Partial<RunFilters> =>
  Object.fromEntries(filterOf(name).keys.map((key) => [key, undefined]));

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

export const STATES = ["queued", "starting", "running", "stopping", "collecting", "finished"].map((value) => ({
  value,
  label: capital(value),
}));
export const KINDS = [
  { value: "script", label: "Runs of scripts" },
  { value: "build", label: "Builds" },
  { value: "compile", label: "Compilations" },
];
export const TRIGGERS = [
  { value: "manual", label: "By hand" },
  { value: "schedule", label: "By schedule" },
  { value: "api", label: "Through the API" },
  { value: "webhook", label: "By a call to its address" },
  { value: "system", label: "By PyTask-Manager" },
];
export const LAST_WORDS: Record<Last, string> = {
  "1h": "Last hour",
  "24h": "Last 24 hours",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
};

export const kindsOf = (outcome: string | undefined): string[] => outcome?.split(",").filter(Boolean) ?? [];

const labelIn = (list: readonly { value: string; label: string }[], value: string | undefined): string =>
  list.find((each) => each.value === value)?.label ?? value ?? "";

const day = (instant: string): string =>
  new Date(instant).toLocaleString(undefined, {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    ...timeOptions(),
  });

function timeWords({ last, from, to }: RunFilters): string {
  if (last) return LAST_WORDS[last];
  if (from && to) return `${day(from)} to ${day(to)}`;
  return from ? `Since ${day(from)}` : to ? `Before ${day(to)}` : "";
}

/** As it was asked for: 5 s, not 5.0 s. */
const secondsWords = (value: number): string => (value < 60 ? `${value} s` : formatDuration(value * 1000));

function durationWords({ longer_than, shorter_than }: RunFilters): string {
  if (longer_than !== undefined && shorter_than !== undefined)
    return `${secondsWords(longer_than)} to ${secondsWords(shorter_than)}`;
  if (longer_than !== undefined) return `Over ${secondsWords(longer_than)}`;
  return shorter_than === undefined ? "" : `Under ${secondsWords(shorter_than)}`;
}

/** What a filter is set to, in words; empty when it is not. Ids of scripts and schedules stay ids here. */
export function filterWords(name: FilterName, filters: RunFilters): string {
  switch (name) {
    case "outcome":
      return kindsOf(filters.outcome)
        .map((kind) => labelIn(OUTCOMES, kind))
        .join(", ");
    case "state":
      return labelIn(STATES, filters.state);
    case "kind":
      return labelIn(KINDS, filters.kind);
    case "trigger":
      return labelIn(TRIGGERS, filters.trigger);
    case "time":
      return timeWords(filters);
    case "duration":
      return durationWords(filters);
    case "error":
      return filters.error ? `“${filters.error}”` : "";
    case "kept":
      return filters.kept ? "Only kept" : "";
    case "script":
      return filters.script ?? "";
    case "schedule":
      return filters.schedule ?? "";
    case "tag":
      return filters.tag ?? "";
  }
}

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
const seconds = (value: unknown): number | undefined => {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) && number >= 0 ? number : undefined;
};
const instant = (value: unknown): string | undefined =>
  typeof value === "string" && !Number.isNaN(Date.parse(value)) ? value : undefined;
const oneOf = (value: unknown, list: readonly { value: string }[]): string | undefined =>
  list.find((each) => each.value === value)?.value;

/** What an address or a saved filter asks for; whatever cannot be meant is left out. */
export function parseFilters(from: Readonly<Record<string, unknown>>): RunFilters {
  const kinds = kindsOf(text(from.outcome)).filter((kind) => OUTCOMES.some((each) => each.value === kind));
  const last = LASTS.find((each) => each === from.last);
  return {
    script: text(from.script),
    tag: text(from.tag),
    outcome: kinds.length > 0 ? kinds.join(",") : undefined,
    state: oneOf(from.state, STATES),
    kind: oneOf(from.kind, KINDS),
    trigger: oneOf(from.trigger, TRIGGERS),
    schedule: text(from.schedule),
    last,
    from: last ? undefined : instant(from.from),
    to: last ? undefined : instant(from.to),
    longer_than: seconds(from.longer_than),
    shorter_than: seconds(from.shorter_than),
    kept: from.kept === true || from.kept === "true" ? true : undefined,
    q: text(from.q),
    error: text(from.error),
  };
}

/** Only what is set, as it is saved. */
export const asSaved = (filters: RunFilters): Record<string, unknown> =>
  Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined));

export const isNarrowed = (filters: RunFilters): boolean => Object.values(filters).some((value) => value !== undefined);

export const isSame = (a: RunFilters, b: RunFilters): boolean => {
  const ordered = (filters: RunFilters) => JSON.stringify(Object.entries(asSaved(filters)).sort());
  return ordered(a) === ordered(b);
};

/** What of the filters narrows a search in logs. */
export function logFilters(filters: RunFilters): RunFilters {
  const keys = new Set<string>(FILTERS.filter((filter) => filter.inLogs).flatMap((filter) => filter.keys));
  return Object.fromEntries(Object.entries(filters).filter(([key]) => keys.has(key)));
}

/** A moment as the browser's field for one writes it, on the viewer's clocks; and back. */
export function toLocal(value: string | undefined): string {
  if (!value) return "";
  const at = new Date(value);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
export const fromLocal = (value: string): string | undefined =>
  value === "" || Number.isNaN(Date.parse(value)) ? undefined : new Date(value).toISOString();
