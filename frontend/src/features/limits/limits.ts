// The limits of a run in words and as a person edits them: each in its own unit, empty meaning the default. Pure; the
// one place that knows a limit's name, unit and effect, for both forms and for every page that mentions one.
import type { Engine, LimitName, Limits, LimitsPatch } from "~/api/types";
import { formatBytes, formatDuration } from "~/lib/format";
import { parseQuantity, type Quantity } from "./quantity";

/** Those that a script may wish for; how large an environment may be is said for all of them. */
export type RunLimit = Exclude<LimitName, "environment_bytes">;

export interface LimitField {
  key: RunLimit;
  label: string;
  quantity: Quantity;
  effect: string;
  /** Zero means something; everywhere else it is a mistake. */
  zero?: true;
}

export const LIMIT_FIELDS: readonly LimitField[] = [
  {
    key: "memory_bytes",
    label: "Memory",
    quantity: "mebibytes",
    effect: "Above it the kernel ends the run.",
  },
  { key: "cpus", label: "CPUs", quantity: "cores", effect: "More work than that waits; nothing is ended." },
  { key: "run_seconds", label: "Run time", quantity: "seconds", effect: "After it the run is stopped: timed out." },
  {
    key: "stop_grace_seconds",
    label: "Grace to stop",
    quantity: "seconds",
    effect: "Between asking the script to end and ending it.",
    zero: true,
  },
  { key: "pids", label: "Processes", quantity: "count", effect: "Starting one more fails, threads included." },
  { key: "nofile", label: "Open files", quantity: "count", effect: "Opening one more fails, in each process." },
  { key: "fsize_bytes", label: "Largest file", quantity: "mebibytes", effect: "Writing past it fails." },
  { key: "tmp_bytes", label: "Space in /tmp", quantity: "mebibytes", effect: "Held in memory, gone with the run." },
  {
    key: "disk_bytes",
    label: "Script's folder",
    quantity: "gibibytes",
    effect: "The run is stopped when its folder outgrows it.",
  },
  {
    key: "artifacts_bytes",
    label: "Artifacts",
    quantity: "gibibytes",
    effect: "The run is stopped when what it keeps outgrows it.",
  },
  {
    key: "log_bytes",
    label: "Log",
    quantity: "mebibytes",
    effect: "The beginning and the end are kept; what is between is counted.",
  },
];

const NETWORK = "network";
const byKey = new Map<string, LimitField>(LIMIT_FIELDS.map((field) => [field.key, field]));

export const networkWord = (network: Limits["network"]): string => (network === "none" ? "Off" : "On");

export const limitLabel = (name: string): string => (name === NETWORK ? "Network" : (byKey.get(name)?.label ?? name));

/** A limit's value as a fact: 512 MiB, 2 cores, 1 h. */
export function limitText(name: string, value: unknown): string {
  if (name === NETWORK && (value === "none" || value === "bridge")) return networkWord(value);
  const field = byKey.get(name);
  if (typeof value !== "number" || !field) return value == null ? "none" : String(value);
  switch (field.quantity) {
    case "mebibytes":
    case "gibibytes":
      return formatBytes(value);
    case "seconds":
      return value < 60 ? `${value} s` : formatDuration(value * 1000);
    default:
      return value.toLocaleString("en");
  }
}

export type LimitTexts = Partial<Record<RunLimit, string>>;

const textOf = (field: LimitField, value: number | null | undefined): string =>
  value == null ? "" : limitText(field.key, value).replaceAll(",", "");

export function textsOf(limits: LimitsPatch): LimitTexts {
  const texts: LimitTexts = {};
  for (const field of LIMIT_FIELDS) {
    const text = textOf(field, limits[field.key]);
    if (text) texts[field.key] = text;
  }
  return texts;
}

/** The limits to send: they replace all that were set before. What was not touched is sent as exactly as it was. */
export function patchOf(
  texts: LimitTexts,
  network: Limits["network"] | null,
  before: LimitsPatch,
): { patch: LimitsPatch } | { wrong: LimitField } {
  const patch: LimitsPatch = {};
  for (const field of LIMIT_FIELDS) {
    const text = texts[field.key]?.trim() ?? "";
    if (text === "") continue;
    const known = before[field.key];
    const value = text === textOf(field, known) ? known : parseQuantity(text, field.quantity);
    if (value == null || value < 0 || (value === 0 && !field.zero)) return { wrong: field };
    patch[field.key] = value;
  }
  if (network) patch.network = network;
  return { patch };
}

/** The name that a refusal is about: `limits.memory_bytes` and `memory_bytes` alike. */
export const limitOf = (field: string | null | undefined): RunLimit | null =>
  byKey.get(field?.split(".").at(-1) ?? "")?.key ?? null;

/** The server's refusal with the form's names and units: "Memory must be from 16 MiB to 1 TiB, not 8 MiB". */
export function refusalText(message: string, name: LimitName): string {
  const isBytes = name.endsWith("_bytes");
  return message
    .replaceAll(name, limitLabel(name))
    .replace(/\b\d{4,}\b/g, (digits) => (isBytes ? formatBytes(Number(digits)) : Number(digits).toLocaleString("en")));
}

/** The most that this engine's machine can give, where it is known. */
export function machineBound(name: LimitName, engine: Engine | undefined): string | null {
  if (name === "cpus" && engine?.cpus != null) return `At most ${engine.cpus} on this machine.`;
  if (name === "memory_bytes" && engine?.memory_bytes != null)
    return `At most ${formatBytes(engine.memory_bytes)} on this machine.`;
  return null;
}

// The engine's own names for what it was found not to hold.
const ENGINE_NAMES: Readonly<Record<string, RunLimit>> = {
  memory: "memory_bytes",
  memory_swap: "memory_bytes",
  cpus: "cpus",
  pids: "pids",
  nofile: "nofile",
  fsize: "fsize_bytes",
  tmp: "tmp_bytes",
};

/** What the form calls a limit that the engine names. */
export const engineLimitLabel = (limit: string): string =>
  limit === "memory_swap" ? "Memory with swap" : limitLabel(ENGINE_NAMES[limit] ?? limit);

/** Why this engine cannot hold a limit; null when it can. */
export const unenforced = (name: LimitName, engine: Engine | undefined): string | null =>
  engine?.unenforced.find((each) => ENGINE_NAMES[each.limit] === name)?.reason ?? null;
