// How much of the past is kept, as a person edits it: each bound as on the level above, without a bound, or a number.
// Pure; the one place that knows the bounds' names, units and effects.
import type { Retention } from "~/api/types";
import { parseQuantity, type Quantity } from "~/features/limits/quantity";
import { formatBytes, plural } from "~/lib/format";

export type BoundName = keyof Retention;

/** `standard`: as the level above says. */
export type Mode = "standard" | "none" | "most";

export interface Bound {
  mode: Mode;
  text: string;
}

export type Draft = Record<BoundName, Bound>;

interface BoundField {
  name: BoundName;
  label: string;
  quantity: Quantity;
  /** Before the number. */
  most: string;
  placeholder: string;
  wrong: string;
}

export const BOUNDS: readonly BoundField[] = [
  {
    name: "max_age_days",
    label: "Age",
    quantity: "days",
    most: "At most",
    placeholder: "90 days",
    wrong: "A number of days above zero.",
  },
  {
    name: "max_runs",
    label: "Runs per script",
    quantity: "count",
    most: "At most",
    placeholder: "1000",
    wrong: "A whole number above zero.",
  },
  {
    name: "max_bytes",
    label: "Space",
    quantity: "gibibytes",
    most: "At most",
    placeholder: "20 GiB",
    wrong: "A size above zero, such as 20 GiB.",
  },
];

export const NO_RETENTION: Retention = { max_age_days: null, max_runs: null, max_bytes: null };

/** As it was told, in which a bound that is not set may be absent. */
export const whole = (told: Partial<Retention> | null | undefined): Retention => ({
  max_age_days: told?.max_age_days ?? null,
  max_runs: told?.max_runs ?? null,
  max_bytes: told?.max_bytes ?? null,
});

/** A bound as a fact: "90 days", "no bound". Null and zero both bind nothing where nothing is above. */
export function boundText(name: BoundName, value: number | null | undefined): string {
  if (!value) return "no bound";
  switch (name) {
    case "max_age_days":
      return plural(value, "day");
    case "max_runs":
      return plural(value, "run");
    case "max_bytes":
      return formatBytes(value);
  }
}

const shown = (name: BoundName, value: number): string =>
  name === "max_runs" ? String(value) : boundText(name, value).replaceAll(",", "");

const boundOf = (name: BoundName, value: number | null | undefined): Bound =>
  value == null
    ? { mode: "standard", text: "" }
    : value === 0
      ? { mode: "none", text: "" }
      : { mode: "most", text: shown(name, value) };

export const draftOf = (set: Retention): Draft => ({
  max_age_days: boundOf("max_age_days", set.max_age_days),
  max_runs: boundOf("max_runs", set.max_runs),
  max_bytes: boundOf("max_bytes", set.max_bytes),
});

function read(field: BoundField, { mode, text }: Bound, before: number | null | undefined): number | null | "wrong" {
  if (mode === "standard") return null;
  if (mode === "none") return 0;
  // An untouched text stands for exactly the value that it was written for.
  if (before && text.trim() === shown(field.name, before)) return before;
  return parseQuantity(text, field.quantity) || "wrong";
}

/** What to save, or the bounds that cannot be understood. */
export function retentionOf(draft: Draft, before: Retention): { retention: Retention } | { wrong: BoundName[] } {
  const retention = { ...NO_RETENTION };
  const wrong: BoundName[] = [];
  for (const field of BOUNDS) {
    const value = read(field, draft[field.name], before[field.name]);
    if (value === "wrong") wrong.push(field.name);
    else retention[field.name] = value;
  }
  return wrong.length > 0 ? { wrong } : { retention };
}

export const isSameRetention = (a: Retention, b: Retention): boolean => BOUNDS.every(({ name }) => a[name] === b[name]);

/** The bounds as they would hold, for a preview: what is left open is filled from the level above. */
export const resolved = (set: Retention, above: Retention): Record<BoundName, number> => ({
  max_age_days: set.max_age_days ?? above.max_age_days ?? 0,
  max_runs: set.max_runs ?? above.max_runs ?? 0,
  max_bytes: set.max_bytes ?? above.max_bytes ?? 0,
});

/** The bound that a refusal is about: `retention.max_runs` and `max_runs` alike. */
export const boundNamed = (field: string | null | undefined): BoundName | null =>
  BOUNDS.find(({ name }) => name === field?.split(".").at(-1))?.name ?? null;

/** The server's refusal with the form's names. */
export const refusalText = (message: string, name: BoundName): string =>
  message
    .replaceAll(name, BOUNDS.find((each) => each.name === name)?.label ?? name)
    .replace(/\b\d{6,}\b/g, (digits) =>
      name === "max_bytes" ? formatBytes(Number(digits)) : Number(digits).toLocaleString("en"),
    );
