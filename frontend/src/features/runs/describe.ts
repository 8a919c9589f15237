// A run in words. Pure: what is said about a trigger, an outcome, a limit.
import type { Outcome, Run, Trigger } from "~/api/types";
import { formatBytes, formatDuration } from "~/lib/format";

// More kinds than the server knows today: schedules and reruns come later.
const TRIGGERS: Readonly<Record<string, string>> = {
  manual: "Started by hand",
  schedule: "By schedule",
  api: "Through the API",
  rerun: "Run again",
};

export const triggerWord = (trigger: Trigger): string => TRIGGERS[trigger.kind] ?? trigger.kind;

export const OUTCOMES: readonly { value: Outcome["kind"]; label: string }[] = [
  { value: "succeeded", label: "Succeeded" },
  { value: "failed", label: "Failed" },
  { value: "signalled", label: "Killed by a signal" },
  { value: "out_of_memory", label: "Out of memory" },
  { value: "timed_out", label: "Timed out" },
  { value: "cancelled", label: "Cancelled" },
  { value: "skipped", label: "Skipped" },
  { value: "environment_failed", label: "Environment failed" },
  { value: "engine_error", label: "Engine error" },
  { value: "lost", label: "Lost" },
];

/** The outcome in two or three words, for a heading. */
export function headline(run: Run): string {
  const { outcome } = run;
  if (!outcome) {
    const what = run.kind === "build" ? "Installing dependencies" : "Running";
    return {
      queued: "Queued",
      starting: "Starting",
      running: what,
      stopping: "Stopping",
      collecting: "Collecting the log",
      finished: "Finished",
    }[run.state];
  }
  switch (outcome.kind) {
    case "succeeded":
      return "Succeeded";
    case "failed":
      return `Failed: exit ${outcome.exit_code}`;
    case "signalled":
      return `Killed by signal ${outcome.signal}`;
    case "out_of_memory":
      return `Out of memory at ${formatBytes(outcome.limit_bytes)}`;
    case "timed_out":
      return `Timed out after ${formatDuration(outcome.limit_seconds * 1000)}`;
    case "cancelled":
      return "Cancelled";
    case "skipped":
      return "Skipped";
    case "environment_failed":
      return "Environment failed";
    case "engine_error":
      return "Engine error";
    case "lost":
      return "Lost";
  }
}

/** What a person may do about it; null when nothing needs doing. */
export function advice(outcome: Outcome | null | undefined): string | null {
  switch (outcome?.kind) {
    case "out_of_memory":
      return "Raise the memory limit in the script's settings, or make it hold less at once.";
    case "timed_out":
      return "Raise the run time limit in the script's settings, or look in the log for where it hangs.";
    case "environment_failed":
      return "The build's log has the installer's own words.";
    case "engine_error":
      return "Nothing of the script ran. Check the engine under Settings, then run again.";
    case "lost":
      return "What was recorded until then is kept. Run it again when ready.";
    default:
      return null;
  }
}

/** The last line of a traceback, when there is one: what most people look for first. */
export function lastErrorLine(outcome: Outcome | null | undefined): string | null {
  if (outcome?.kind !== "failed") return null;
  const tail = (outcome.stderr_tail ?? []).map((line) => line.trimEnd()).filter(Boolean);
  return (
    [...tail].reverse().find((line) => /^[A-Za-z_][\w.]*(Error|Exception|Warning|Exit|Interrupt)\b/.test(line)) ?? null
  );
}

const SIGNALS: Record<number, string> = {
  1: "SIGHUP",
  2: "SIGINT",
  4: "SIGILL",
  6: "SIGABRT",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  15: "SIGTERM",
};
export const signalName = (signal: number): string =>
  SIGNALS[signal] ? `${signal} ${SIGNALS[signal]}` : String(signal);

export const runTitle = (run: Pick<Run, "kind" | "number">): string =>
  run.kind === "build" ? `Build ${run.number}` : `Run ${run.number}`;
