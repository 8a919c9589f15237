// The form of a schedule as text that may be half typed, and the terms it stands for. Pure.
import type { Overlap } from "~/api/types";
import { parseQuantity } from "~/features/limits/quantity";
import type { AfterLost, Backoff, Missed, NewSchedule, Schedule, SchedulePatch, Terms } from "./contract";
import { instantOf } from "./wall-time";
import { span } from "./words";
import { localIn } from "./zoned";

export interface Draft {
  kind: "cron" | "once";
  expression: string;
  zone: string;
  /** On the clocks of `zone`, as `<input type="datetime-local">` writes it. */
  local: string;
  name: string;
  /** One argument a line. */
  args: string;
  /** One NAME=value a line. */
  env: string;
  overlap: Overlap | "script";
  missed: Missed;
  window: string;
  jitter: string;
  attempts: string;
  delay: string;
  backoff: Backoff;
  longest: string;
  afterLost: AfterLost;
}

const HOUR = 3_600_000;

/** Tomorrow is a likely time; a whole hour is a likely one. */
export function newDraft(zone: string, now: Date): Draft {
  const soon = new Date(Math.ceil((now.getTime() + HOUR) / HOUR) * HOUR).toISOString();
  return {
    kind: "cron",
    expression: "0 3 * * *",
    zone,
    local: localIn(soon, zone),
    name: "",
    args: "",
    env: "",
    overlap: "script",
    missed: "latest",
    window: "1 h",
    jitter: "0 s",
    attempts: "1",
    delay: "1 min",
    backoff: "doubling",
    longest: "1 h",
    afterLost: "fail",
  };
}

/** A time in words that stand for just this many seconds. */
function exact(seconds: number): string {
  const words = span(seconds);
  return parseQuantity(words, "seconds") === seconds ? words : `${seconds} s`;
}

export function draftOf(schedule: Schedule, viewer: string, now: Date): Draft {
  const { when, retry } = schedule;
  return {
    ...newDraft(viewer, now),
    ...(when.kind === "cron"
      ? { kind: "cron", expression: when.expression, zone: when.zone }
      : { kind: "once", local: localIn(when.at, viewer) }),
    name: schedule.name,
    args: schedule.args.join("\n"),
    env: Object.entries(schedule.env)
      .map(([name, value]) => `${name}=${value}`)
      .join("\n"),
    overlap: schedule.overlap ?? "script",
    missed: schedule.missed,
    window: exact(schedule.start_deadline_seconds),
    jitter: exact(schedule.jitter_seconds),
    attempts: String(retry.attempts),
    delay: exact(retry.delay_seconds),
    backoff: retry.backoff,
    longest: exact(retry.longest_delay_seconds),
    afterLost: retry.after_lost,
  };
}

export type Errors = Partial<Record<keyof Draft, string>>;

const lines = (text: string): string[] => text.split("\n").filter((line) => line.trim() !== "");

function seconds(text: string, field: keyof Draft, errors: Errors): number {
  const value = text.trim() === "" ? 0 : parseQuantity(text, "seconds");
  if (value === null) errors[field] = "A time such as 30 s, 5 min or 1 h.";
  return value ?? 0;
}

function variables(text: string, errors: Errors): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const found = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (found?.[1] === undefined) errors.env ??= `Line ${index + 1} is not NAME=value.`;
    else env[found[1]] = found[2] ?? "";
  }
  return env;
}

/** The terms that the form stands for, or what is wrong at which field. */
export function read(draft: Draft): { terms: Omit<Terms, "enabled">; errors: null } | { terms: null; errors: Errors } {
  const errors: Errors = {};
  const at = draft.kind === "once" ? instantOf(draft.local, draft.zone) : null;
  if (draft.kind === "once" && at === null) errors.local = "A day and a time.";
  if (draft.kind === "cron" && draft.expression.trim() === "") errors.expression = "When it fires, such as 0 3 * * *.";
  const attempts = Number(draft.attempts);
  if (!Number.isInteger(attempts) || attempts < 1) errors.attempts = "A whole number above zero.";
  const terms: Omit<Terms, "enabled"> = {
    name: draft.name.trim(),
    when: at === null ? { kind: "cron", expression: draft.expression.trim(), zone: draft.zone } : { kind: "once", at },
    args: lines(draft.args),
    env: variables(draft.env, errors),
    overlap: draft.overlap === "script" ? null : draft.overlap,
    missed: draft.missed,
    start_deadline_seconds: seconds(draft.window, "window", errors),
    jitter_seconds: seconds(draft.jitter, "jitter", errors),
    retry: {
      attempts,
      delay_seconds: seconds(draft.delay, "delay", errors),
      backoff: draft.backoff,
      longest_delay_seconds: seconds(draft.longest, "longest", errors),
      after_lost: draft.afterLost,
    },
  };
  return Object.keys(errors).length > 0 ? { terms: null, errors } : { terms, errors: null };
}

/**
 * What differs from the form as it opened: a change of its terms is a new version, so what stayed is not sent. It is
 * forms that are compared, because text cannot hold all that an API can say, and what nobody touched must not change.
 */
export function patchOf(opened: Draft, after: Omit<Terms, "enabled">): SchedulePatch {
  const before = read(opened).terms;
  const same = (a: unknown, b: unknown) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => !before || !same(before[name as keyof typeof before], value)),
  ) as SchedulePatch;
}

const sorted = (value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)))
    : value;

export const created = (terms: Omit<Terms, "enabled">): NewSchedule => ({ ...terms, enabled: true });

/** The field of the form that the server's name stands for. */
export function fieldOf(serverField: string | null, draft: Draft): keyof Draft | null {
  const known: Record<string, keyof Draft> = {
    expression: "expression",
    "when.expression": "expression",
    timezone: "zone",
    zone: "zone",
    "when.zone": "zone",
    at: "local",
    "when.at": "local",
    name: "name",
    args: "args",
    env: "env",
    overlap: "overlap",
    missed: "missed",
    start_deadline_seconds: "window",
    jitter_seconds: "jitter",
    "retry.attempts": "attempts",
    "retry.delay_seconds": "delay",
    "retry.longest_delay_seconds": "longest",
  };
  if (serverField === "when") return draft.kind === "cron" ? "expression" : "local";
  return serverField === null ? null : (known[serverField] ?? null);
}

export interface Pick {
  label: string;
  /** With the time of day that the expression has now, so that a choice keeps it. */
  expression: (time: { hour: number; minute: number }) => string;
}

export const PICKS: readonly Pick[] = [
  { label: "Every 5 minutes", expression: () => "*/5 * * * *" },
  { label: "Hourly", expression: ({ minute }) => `${minute} * * * *` },
  { label: "Daily", expression: ({ hour, minute }) => `${minute} ${hour} * * *` },
  { label: "Weekdays", expression: ({ hour, minute }) => `${minute} ${hour} * * 1-5` },
  { label: "Weekly", expression: ({ hour, minute }) => `${minute} ${hour} * * 1` },
  { label: "Monthly", expression: ({ hour, minute }) => `${minute} ${hour} 1 * *` },
];

const WHOLE = /^\d{1,2}$/;

/** The one time of day of an expression; null when it has none or several. */
export function timeOf(expression: string): { hour: number; minute: number } | null {
  const [minute = "", hour = "", , , , ...more] = expression.trim().split(/\s+/);
  if (!WHOLE.test(minute) || !WHOLE.test(hour) || more.length > 0) return null;
  const time = { hour: Number(hour), minute: Number(minute) };
  return time.hour < 24 && time.minute < 60 ? time : null;
}

/** The same days at another time of day. */
export function withTime(expression: string, time: string): string {
  const [hour = "0", minute = "0"] = time.split(":");
  return [Number(minute), Number(hour), ...expression.trim().split(/\s+/).slice(2)].join(" ");
}

export const EARLY = { hour: 3, minute: 0 };

/** A range of bytes, as the server names it, in the units of a string. What lies behind the end is the end. */
export function charsOf(text: string, begin: number, end: number): { begin: number; end: number } {
  const bytes = new TextEncoder().encode(text);
  const chars = (at: number) => new TextDecoder().decode(bytes.slice(0, at)).length;
  return { begin: chars(begin), end: chars(end) };
}
