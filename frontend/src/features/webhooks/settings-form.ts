// The settings of delivery as they are typed, and what of them is sent. Pure.
import { ApiError } from "~/api/client";
import { typedQuantity } from "~/features/limits/quantity";
import { formatDuration, plural } from "~/lib/format";
import type { NotificationSettings } from "./contract";

/** What is set; what is not holds by default. */
export type Wish = { [Name in keyof NotificationSettings]?: NotificationSettings[Name] | null };

export const NUMBER_NAMES = ["max_attempts", "timeout_seconds", "late_seconds", "keep_days"] as const;
export type NumberName = (typeof NUMBER_NAMES)[number];

export const NUMBERS = {
  max_attempts: {
    label: "Attempts",
    quantity: "count",
    hint: "So often a message is tried, at growing distances, before it counts as failed.",
  },
  timeout_seconds: {
    label: "Wait for an answer",
    quantity: "seconds",
    hint: "A receiver that takes longer has not taken it, and is tried again.",
  },
  late_seconds: {
    label: "Late after",
    quantity: "seconds",
    hint: "A run that a schedule starts this long after its moment, or later, is late.",
  },
  keep_days: {
    label: "Deliveries are kept for",
    quantity: "days",
    hint: "Older ones leave the list, with what was sent and answered.",
  },
} as const;

export function shownNumber(name: NumberName, value: number | null | undefined): string {
  if (value == null) return "";
  if (name === "timeout_seconds" || name === "late_seconds") return formatDuration(value * 1000).replace(".0 s", " s");
  return name === "keep_days" ? plural(value, "day") : String(value);
}

export const numberOf = (name: NumberName, text: string, set: Wish): number | null | "wrong" =>
  typedQuantity(text, { shown: shownNumber(name, set[name]), value: set[name], quantity: NUMBERS[name].quantity });

export type Typed = Record<keyof NotificationSettings, string>;

export const typedOf = (set: Wish): Typed => ({
  private_targets: (set.private_targets ?? []).join("\n"),
  public_url: set.public_url ?? "",
  max_attempts: shownNumber("max_attempts", set.max_attempts),
  timeout_seconds: shownNumber("timeout_seconds", set.timeout_seconds),
  keep_days: shownNumber("keep_days", set.keep_days),
  late_seconds: shownNumber("late_seconds", set.late_seconds),
});

const linesIn = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

/** What differs from what is set; null where nothing does or something cannot be read. */
export function patchOf(text: Typed, set: Wish): Wish | null {
  const numbers = NUMBER_NAMES.map((name) => [name, numberOf(name, text[name], set)] as const);
  if (numbers.some(([, value]) => value === "wrong")) return null;
  const targets = linesIn(text.private_targets);
  const address = text.public_url.trim();
  const patch: Wish = {
    ...(address === (set.public_url ?? "") ? {} : { public_url: address || null }),
    ...(targets.join("\n") === (set.private_targets ?? []).join("\n") ? {} : { private_targets: targets }),
    ...Object.fromEntries(numbers.filter(([name, value]) => value !== (set[name] ?? null))),
  };
  return Object.keys(patch).length > 0 ? patch : null;
}

/** The server's sentence about one of them, in the words of the form. */
export function refusalOf(error: unknown, name: keyof NotificationSettings): string | null {
  if (!(error instanceof ApiError) || error.field === null) return null;
  const field = error.field.replace(/^notifications\./, "");
  if (field !== name && !field.startsWith(`${name}[`) && !field.startsWith(`${name}.`)) return null;
  const label =
    name === "private_targets" ? "Private targets" : name === "public_url" ? "The address" : NUMBERS[name].label;
  return error.message.replaceAll(`notifications.${name}`, label).replaceAll(name, label);
}
