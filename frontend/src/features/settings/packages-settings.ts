// What may be installed, as it is typed: one entry a line, and what of it is sent. Pure.
import { ApiError } from "~/api/client";
import type { SettingsView } from "~/api/types";

type SetPackages = NonNullable<SettingsView["set"]["packages"]>;

export const LISTS = ["default_requirements", "allow", "deny", "extra_index_urls"] as const;
export type ListName = (typeof LISTS)[number];

export type TypedPackages = Record<ListName, string> & { days: string };

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
  const lists = LISTS.filter((name) => linesIn(now[name]).join("\n") !== before[name]);
  const patch = {
    ...Object.fromEntries(lists.map((name) => [name, linesIn(now[name])])),
    ...(days === (set?.cool_down_days ?? null) ? {} : { cool_down_days: days }),
  };
  return Object.keys(patch).length > 0 ? patch : null;
}

/** The server's sentence about one of the fields, in the words of the form. */
export function refusalOf(error: unknown, field: ListName | "cool_down_days"): string | null {
  if (!(error instanceof ApiError) || error.field !== `packages.${field}`) return null;
  return error.message.replace(/(packages\.)?cool_down_days/, "The cool-down").replace(/\bpackages\.(\w+)/, "$1");
}

export const hasPlace = (error: unknown): boolean =>
  refusalOf(error, "cool_down_days") !== null || LISTS.some((name) => refusalOf(error, name) !== null);
