// The limits of a run as a person edits them: each in its own unit, empty meaning the default. Pure.
import type { Limits, LimitsPatch } from "~/api/types";

type NumberLimit = Exclude<keyof Limits, "network" | "disk_bytes">;

export interface LimitField {
  key: NumberLimit;
  label: string;
  unit: string;
  /** How many of the API's unit one of ours is. */
  factor: number;
  step: number;
  effect: string;
}

const MIB = 1024 * 1024;

export const LIMIT_FIELDS: readonly LimitField[] = [
  {
    key: "memory_bytes",
    label: "Memory",
    unit: "MiB",
    factor: MIB,
    step: 64,
    effect: "Above it the kernel ends the run: out of memory.",
  },
  {
    key: "cpus",
    label: "CPUs",
    unit: "cores",
    factor: 1,
    step: 0.25,
    effect: "More work than that waits; nothing is ended.",
  },
  {
    key: "run_seconds",
    label: "Run time",
    unit: "s",
    factor: 1,
    step: 60,
    effect: "After it the run is stopped: timed out.",
  },
  {
    key: "stop_grace_seconds",
    label: "Grace to stop",
    unit: "s",
    factor: 1,
    step: 1,
    effect: "Between asking the script to end and ending it.",
  },
  {
    key: "pids",
    label: "Processes",
    unit: "at once",
    factor: 1,
    step: 16,
    effect: "Starting one more fails, threads included.",
  },
  { key: "nofile", label: "Open files", unit: "at once", factor: 1, step: 256, effect: "Opening one more fails." },
  { key: "fsize_bytes", label: "Largest file", unit: "MiB", factor: MIB, step: 64, effect: "Writing past it fails." },
  {
    key: "tmp_bytes",
    label: "Space in /tmp",
    unit: "MiB",
    factor: MIB,
    step: 16,
    effect: "Held in memory, gone with the run.",
  },
  {
    key: "log_bytes",
    label: "Log",
    unit: "MiB",
    factor: MIB,
    step: 16,
    effect: "The beginning and the end are kept; what is between is counted.",
  },
];

export type LimitTexts = Partial<Record<NumberLimit, string>>;

export const shown = (field: LimitField, value: number): string =>
  String(Math.round((value / field.factor) * 1000) / 1000);

export function textsOf(limits: LimitsPatch): LimitTexts {
  const texts: LimitTexts = {};
  for (const field of LIMIT_FIELDS) {
    const value = limits[field.key];
    if (value != null) texts[field.key] = shown(field, value);
  }
  return texts;
}

/** The limits to send: they replace all that were set before, so what is not edited here is carried along. */
export function patchOf(
  texts: LimitTexts,
  network: Limits["network"] | null,
  before: LimitsPatch,
): { patch: LimitsPatch } | { wrong: NumberLimit } {
  const patch: LimitsPatch = {};
  for (const field of LIMIT_FIELDS) {
    const text = texts[field.key]?.trim() ?? "";
    if (text === "") continue;
    const value = Number(text);
    if (!Number.isFinite(value) || value <= 0) return { wrong: field.key };
    patch[field.key] = field.key === "cpus" ? value : Math.round(value * field.factor);
  }
  if (network) patch.network = network;
  if (before.disk_bytes != null) patch.disk_bytes = before.disk_bytes;
  return { patch };
}
