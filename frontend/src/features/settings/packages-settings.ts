// What may be installed, as it is typed: one entry a line, and what of it is sent. Pure.
import { ApiError } from "~/api/client";
import type { SettingsView } from "~/api/types";
import { limitText } from "~/features/limits/limits";
import { typedQuantity } from "~/features/limits/quantity";

type SetPackages = NonNullable<SettingsView["set"]["packages"]>;

export const LISTS = ["default_requirements", "allow", "deny", "extra_index_urls"] as const;
export type ListName = (typeof LISTS)[number];

/** Bounds of a build, and of what it makes. */
export const BOUNDS = {
  max_environment_bytes: { label: "Size of an environment", quantity: "gibibytes", like: "disk_bytes" },
  max_build_seconds: { label: "Time for an install", quantity: "seconds", like: "run_seconds" },
} as const;
export type BoundName = keyof typeof BOUNDS;
export const BOUND_NAMES = ["max_environment_bytes", "max_build_seconds"] as const satisfies readonly BoundName[];

export type TypedPackages = Record<ListName | BoundName, string> & { days: string };

/** A bound in words: 5 GiB, 10 min. */
export const boundText = (name: BoundName, value: number | null | undefined): string =>
  value == null ? "" : limitText(BOUNDS[name].like, value);

export const parseBound = (name: BoundName, text: string, set: SetPackages | undefined): number | null | "wrong" =>
  typedQuantity(text, { shown: boundText(name, set?.[name]), value: set?.[name], quantity: BOUNDS[name].quantity });

export const linesIn = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

export function typed(set: SetPackages | undefined): TypedPackages {
  const text = (name: ListName) => (set?.[name] ?? []).join("\n");
  return {
    default_requirements: text("default_requirements"),
    allow: text("allow"),
    deny: text("deny"),
    extra_index_urls: text("extra_index_urls"),
    max_environment_bytes: boundText("max_environment_bytes", set?.max_environment_bytes),
    max_build_seconds: boundText("max_build_seconds", set?.max_build_seconds),
    days: set?.cool_down_days == null ? "" : String(set.cool_down_days),
  };
}

/** `null` is the default. */
export function parseDays(text: string): number | null | "wrong" {
  const trimmed = text.trim().replace(/\s*days?$/, "");
  if (trimmed === "") return null;
  return /^\d{1,6}$/.test(trimmed) ? Number(trimmed) : "wrong";
}

/** What a save sends: what differs from what is set; null if nothing does or something cannot be read. */
export function patchOf(now: TypedPackages, set: SetPackages | undefined) {
  const days = parseDays(now.days);
  if (days === "wrong") return null;
  const before = typed(set);
  const bounds = BOUND_NAMES.map((name) => [name, parseBound(name, now[name], set)] as const);
  if (bounds.some(([, value]) => value === "wrong")) return null;
  const lists = LISTS.filter((name) => linesIn(now[name]).join("\n") !== before[name]);
  const patch = {
    ...Object.fromEntries(lists.map((name) => [name, linesIn(now[name])])),
    ...Object.fromEntries(bounds.filter(([name, value]) => value !== (set?.[name] ?? null))),
    ...(days === (set?.cool_down_days ?? null) ? {} : { cool_down_days: days }),
  };
  return Object.keys(patch).length > 0 ? patch : null;
}

/** The server's sentence about one of the fields, in the words of the form. */
export function refusalOf(error: unknown, field: ListName | BoundName | "cool_down_days"): string | null {
  if (!(error instanceof ApiError) || error.field !== `packages.${field}`) return null;
  const { message } = error;
  if (field === "max_environment_bytes" || field === "max_build_seconds")
    return message
      .replace(`packages.${field}`, BOUNDS[field].label)
      .replace(/\b\d+\b/g, (digits) => boundText(field, Number(digits)));
  return message.replace(/(packages\.)?cool_down_days/, "The cool-down").replace(/\bpackages\.(\w+)/, "$1");
}

export const hasPlace = (error: unknown): boolean =>
  ["cool_down_days" as const, ...LISTS, ...BOUND_NAMES].some((name) => refusalOf(error, name) !== null);
