// Changes of settings in words: what a field is called, and a value in its unit. Pure. A field that has no name here is
// told by its path, so that nothing is hidden.
import type { SettingsChange } from "~/api/types";
import { limitLabel, limitText } from "~/features/limits/limits";
import { formatBytes, formatDuration } from "~/lib/format";

const NAMES: Readonly<Record<string, string>> = {
  max_runs: "Runs at once",
  min_free_bytes: "Free space that is kept",
  max_revisions: "Revisions of a script",
  default_timezone: "Time zone of new schedules",
  schedules_paused: "All schedules paused",
  "packages.default_requirements": "Default requirements",
  "packages.cool_down_days": "Cool-down",
  "packages.allow": "Allowed packages",
  "packages.deny": "Denied packages",
  "packages.extra_index_urls": "Extra indexes",
  "packages.max_environment_bytes": "Largest environment",
  "packages.max_build_seconds": "Longest install",
  "retention.max_age_days": "Retention: age",
  "retention.max_runs": "Retention: runs",
  "retention.max_bytes": "Retention: space",
  "notifications.private_targets": "Webhooks within the network",
  "notifications.max_attempts": "Webhooks: attempts",
  "notifications.timeout_seconds": "Webhooks: patience",
  "notifications.keep_days": "Webhooks: log of deliveries",
  "notifications.late_seconds": "Webhooks: late after",
  "notifications.public_url": "Address of this instance",
  "cleanup.enabled": "Clean-up by itself",
  "cleanup.expression": "Clean-up: when",
  "cleanup.timezone": "Clean-up: time zone",
  "cleanup.kinds": "Clean-up: what goes",
  "cleanup.trash_days": "Days in the trash",
  "backup.enabled": "Backups by themselves",
  "backup.expression": "Backups: when",
  "backup.timezone": "Backups: time zone",
  "backup.keep": "Backups that stay",
  "backup.logs": "Backups: logs",
  "backup.artifacts": "Backups: artifacts",
};
const LIMITS = "default_limits.";
const LOGINS = "index_credentials.";

export function fieldName(field: string): string {
  if (field.startsWith(LIMITS)) return `Default limit: ${limitLabel(field.slice(LIMITS.length))}`;
  if (field.startsWith(LOGINS)) return `Who signs in at ${field.slice(LOGINS.length)}`;
  return NAMES[field] ?? field;
}

export function valueText(field: string, value: unknown): string {
  if (value == null) return field.startsWith(LOGINS) ? "nobody" : "the default";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(String).join(", ");
  if (typeof value === "object") return JSON.stringify(value);
  if (field.startsWith(LIMITS)) return limitText(field.slice(LIMITS.length), value);
  if (typeof value !== "number") return String(value);
  if (field.endsWith("_bytes")) return formatBytes(value);
  if (field.endsWith("_seconds")) return value < 60 ? `${value} s` : formatDuration(value * 1000);
  if (field.endsWith("_days")) return value === 1 ? "1 day" : `${value} days`;
  return value.toLocaleString("en");
}

/** The newest change of any field that is one of these, or lies below one. */
export function newest(changes: readonly SettingsChange[], fields: readonly string[]): SettingsChange | null {
  const meant = (change: SettingsChange) =>
    fields.some((field) => change.field === field || change.field.startsWith(`${field}.`));
  return changes
    .filter(meant)
    .reduce<SettingsChange | null>(
      (latest, change) => (latest && Date.parse(latest.at) >= Date.parse(change.at) ? latest : change),
      null,
    );
}
