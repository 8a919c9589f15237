// A schedule in words. Pure.
import type { Overlap } from "~/api/types";
import { formatDuration } from "~/lib/format";
import type { Mark, Missed, Retry, Schedule, Terms, When } from "./contract";

/** What people call it: its name, or else its time. */
export const titleOf = (schedule: Pick<Schedule, "name" | "description" | "when">): string =>
  schedule.name || (schedule.when.kind === "once" ? "Once" : schedule.description);

export const expressionOf = (when: When): string => (when.kind === "cron" ? when.expression : "once");
/** A one-off is an instant and has no zone of its own. */
export const zoneOf = (when: When, viewer: string): string => (when.kind === "cron" ? when.zone : viewer);

export type Status = "on" | "off" | "script_paused" | "all_paused" | "done";

/** Whether it fires, and if not, the nearest reason: what is off by itself stays off when everything goes on. */
export function statusOf(
  schedule: Pick<Schedule, "enabled" | "done" | "script_paused">,
  pausedAll: boolean,
): { status: Status; word: string; why: string } {
  if (schedule.done) return { status: "done", word: "Done", why: "It has fired, and does not fire again." };
  if (!schedule.enabled) return { status: "off", word: "Off", why: "It does not fire until it is resumed." };
  if (schedule.script_paused)
    return {
      status: "script_paused",
      word: "Script paused",
      why: "Its script is paused, and with it all its schedules.",
    };
  if (pausedAll) return { status: "all_paused", word: "All paused", why: "All schedules are paused." };
  return { status: "on", word: "On", why: "It fires at its time." };
}

const MARKS: Record<Mark, string | null> = {
  usual: null,
  moved: "moved: the clocks skip its time",
  once_of_two: "the time comes twice; it fires once",
  first_pass: "the hour comes twice; first time",
  second_pass: "the hour comes twice; second time",
};

/** What a change of the clocks does to a fire, where it does anything. */
export const markWord = (mark: Mark | undefined): string | null => (mark ? (MARKS[mark] ?? null) : null);

/** Whole seconds: 0 s, 90 s as 1 min 30 s. */
export const span = (seconds: number): string => (seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1000));

const OVERLAPS: Record<Overlap, string> = {
  queue: "A fire during an unfinished run waits for it.",
  skip: "A fire during an unfinished run is skipped.",
  replace: "A fire during an unfinished run stops that run and takes its place.",
  allow: "A fire during an unfinished run starts beside it.",
};
const missedWords = (missed: Missed, window: number): string =>
  ({
    none: "Fires that were missed are skipped.",
    latest: `Of fires that were missed, the latest runs, if it is at most ${span(window)} late.`,
    all: `Fires that were missed all run, in order, if they are at most ${span(window)} late.`,
  })[missed];

/** The waits before the attempts after the first. */
export function retryDelays(retry: Retry): number[] {
  const factor = retry.backoff === "doubling" ? 2 : 1;
  return Array.from({ length: Math.max(0, retry.attempts - 1) }, (_, index) =>
    Math.min(retry.longest_delay_seconds, retry.delay_seconds * factor ** index),
  );
}

function retryWords(retry: Retry): string {
  const delays = retryDelays(retry);
  if (delays.length === 0) return "A run that fails is not tried again.";
  const shown = delays.slice(0, 4).map(span).join(", ");
  const waits = retry.backoff === "fixed" || delays.length === 1 ? span(delays[0] ?? 0) : shown;
  const each = retry.backoff === "fixed" && delays.length > 1 ? " each time" : delays.length > 4 ? " and so on" : "";
  return `A run that fails is tried again ${delays.length === 1 ? "once" : `${delays.length} times`}, after ${waits}${each}.`;
}

/** What was decided beside the time, one sentence each. */
export function policySentences(
  terms: Pick<Terms, "overlap" | "missed" | "start_deadline_seconds" | "jitter_seconds" | "retry">,
): string[] {
  return [
    terms.overlap ? OVERLAPS[terms.overlap] : null,
    missedWords(terms.missed, terms.start_deadline_seconds),
    terms.jitter_seconds > 0 ? `It starts up to ${span(terms.jitter_seconds)} later, always by the same time.` : null,
    retryWords(terms.retry),
    terms.retry.after_lost === "rerun" ? "A run that was lost is run again at once." : null,
  ].filter((sentence): sentence is string => sentence !== null);
}

/** "Scheduled for Wed 25 Nov, 02:30 (Europe/Berlin), attempt 2" */
export const slotWords = (moment: string, zone: string, attempt: number | undefined): string =>
  `Scheduled for ${moment} (${zone})${attempt && attempt > 1 ? `, attempt ${attempt}` : ""}`;
