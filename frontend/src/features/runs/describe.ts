// A run in words. Pure: what is said about a trigger, an outcome, a limit.
import type { Build, Evidence, LostCause, Outcome, Run, Traceback, Trigger, WaitKind, WaitReason } from "~/api/types";
import { formatBytes, formatDuration } from "~/lib/format";

// More kinds than the server knows today: schedules and reruns come later.
const TRIGGERS: Readonly<Record<string, string>> = {
  manual: "Started by hand",
  system: "Started by PyTask-Manager",
  schedule: "By schedule",
  api: "Through the API",
  webhook: "By a call to its address",
  rerun: "Run again",
};

const BRIEF_TRIGGERS: Readonly<Record<string, string>> = {
  manual: "By hand",
  system: "By itself",
  schedule: "By schedule",
  api: "API",
  webhook: "By a call",
  rerun: "Again",
};

/** For a column. */
export const briefTrigger = (trigger: Trigger): string => BRIEF_TRIGGERS[trigger.kind] ?? trigger.kind;
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

/** Endings that say nothing against the script. */
const NO_FAILURE: readonly Outcome["kind"][] = ["succeeded", "skipped", "cancelled"];
export const isFailure = (kind: Outcome["kind"]): boolean => !NO_FAILURE.includes(kind);
/** Everything that went wrong, as a filter of runs says it. */
export const FAILURES: readonly Outcome["kind"][] = OUTCOMES.map((each) => each.value).filter(isFailure);

const BUILDS: Record<Build["action"], string> = {
  install: "Installing packages",
  update: "Updating packages",
  rebuild: "Rebuilding the environment",
  check: "Checking for updates",
};

/** What a build does, as its title. */
export function buildWord(build: Build | null | undefined): string {
  const { action, packages } = build ?? { action: "install" as const, packages: [] };
  return action === "update" && packages.length > 0 ? `Updating ${packages.join(", ")}` : BUILDS[action];
}

/** What a build was bound to, in sentences; null where nothing bound it. `at` writes a moment. */
export function buildRules(build: Build | null | undefined, at: (moment: Date) => string): string | null {
  const rules = [
    build?.exclude_newer
      ? `Releases from after ${at(new Date(build.exclude_newer))} were not considered: that is the cool-down of the settings.`
      : null,
    build?.build_from_source.length ? `Built from source: ${build.build_from_source.join(", ")}.` : null,
  ].filter(Boolean);
  return rules.length > 0 ? rules.join(" ") : null;
}

/** The outcome in two or three words, for a heading. */
export function headline(run: Run): string {
  const { outcome } = run;
  if (!outcome) {
    const what = { script: "Running", build: buildWord(run.build), compile: "Compiling bytecode" }[run.kind];
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
      return outcome.exit_code == null ? "Stopped at a limit" : `Failed: exit ${outcome.exit_code}`;
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

/** What explains an ending beside its kind; nothing for what was never started. */
export function evidenceOf(outcome: Outcome | null | undefined): Evidence | null {
  switch (outcome?.kind) {
    case undefined:
    case "skipped":
    case "environment_failed":
    case "engine_error":
      return null;
    default:
      return outcome as Evidence;
  }
}

/** What the server's reason means; it stands before these. */
const LOST: Record<LostCause, string> = {
  interrupted: "A restart of the engine does that, or docker stop. How far the script got is not known.",
  vanished: "Something outside PyTask-Manager removed it, and with it how the script ended.",
  no_facts: "It was killed from outside, or the machine went down; how the script ended is not known.",
  bad_facts: "What is there about its end cannot be believed, so nothing is claimed.",
};

/** The signals with which a processor or a C library ends a program that went wrong. */
const CRASHES = new Set([4, 6, 7, 8, 11]);

/** What it means, and what a person may do about it; null when nothing needs saying. */
export function advice(outcome: Outcome | null | undefined): string | null {
  switch (outcome?.kind) {
    case "out_of_memory":
      return "Raise the limit, or make the script hold less at once.";
    case "timed_out":
      return "Raise the limit, or look in the log for where it hangs.";
    case "signalled":
      return CRASHES.has(outcome.signal)
        ? "Native code crashed, often a package's; faulthandler.enable() at the top of the script prints where."
        : null;
    case "cancelled":
      return outcome.by === "user" ? "Somebody stopped it by hand." : null;
    case "environment_failed":
      return "Nothing of the script ran. The build's log has the installer's own words.";
    case "engine_error":
      return "Nothing of the script ran. Check the engine under Settings, then run again.";
    case "lost":
      return `${LOST[outcome.cause ?? "no_facts"]} What was recorded until then is kept.`;
    default:
      return null;
  }
}

const WAITS: Record<WaitKind, string> = {
  engine_away: "Waits for the Docker engine",
  global_cap: "Waits for a free place",
  overlap: "Waits for another run of this script",
  environment: "Waits for its packages",
  disk_full: "Waits for free disk space",
  retry: "Waits to be tried again",
  admission: "Waits for its turn",
};

export const waitWord = (reason: WaitReason | null | undefined): string => WAITS[reason?.kind ?? "admission"];

/** What a run did about unfinished ones of its script. */
export function overlapWords(run: Pick<Run, "overlap" | "parallel_limit">): string {
  switch (run.overlap) {
    case "queue":
      return "Waits for them";
    case "skip":
      return "Is skipped";
    case "replace":
      return "Replaces them";
    case "allow":
      return run.parallel_limit == null
        ? "Runs beside them"
        : `Runs beside them, at most ${run.parallel_limit} at once`;
  }
}

/** "KeyError: 'total', report.py:41" */
function exceptionLine({ exception, message, location }: Traceback): string {
  const place = location ? `, ${location.path}:${location.line}` : "";
  return `${message ? `${exception}: ${message}` : exception}${place}`;
}

/** A run in one line of a list: why it waits, how it goes, or how it ended. */
export function gist(run: Run): string {
  const { outcome } = run;
  if (outcome) {
    // The mark says that it failed; the line has room for why.
    const { traceback, limits_hit } = evidenceOf(outcome) ?? {};
    if (outcome.kind === "failed" && traceback) return exceptionLine(traceback);
    if (outcome.kind === "failed" && outcome.exit_code == null) return limits_hit?.[0]?.message ?? outcome.message;
    return outcome.message;
  }
  return run.state === "queued" ? (run.wait_reason?.message ?? waitWord(null)) : headline(run);
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

/** How it exited, as a shell would tell it; a dash where it never did. */
export function exitWord(run: Pick<Run, "exit_code" | "signal">): string {
  if (run.signal != null) return SIGNALS[run.signal]?.slice(3) ?? `signal ${run.signal}`;
  return run.exit_code == null ? "–" : String(run.exit_code);
}

const KINDS: Record<Run["kind"], string> = { script: "Run", build: "Build", compile: "Compilation" };
export const runTitle = (run: Pick<Run, "kind" | "number">): string => `${KINDS[run.kind]} ${run.number}`;
