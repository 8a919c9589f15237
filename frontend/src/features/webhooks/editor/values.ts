// The values that a template may name, as the server fills them in. What may be absent is said to be.
export const VALUES: readonly { name: string; means: string }[] = [
  { name: "event", means: "failed, recovered, finished, skipped, late, test" },
  { name: "at", means: "when it happened" },
  { name: "script.name", means: "of the script; also script.id, script.tags" },
  { name: "run.number", means: "of the run; also run.id, run.revision" },
  { name: "run.outcome", means: "succeeded, failed, timed_out, …; none of one that has just started" },
  { name: "run.message", means: "the outcome in a sentence" },
  { name: "run.error", means: "the exception in one line, if there was one" },
  { name: "run.last_lines", means: "the last lines on stderr, a list; use | join" },
  { name: "run.exit_code", means: "if it exited" },
  { name: "run.duration_ms", means: "how long it ran, in milliseconds" },
  { name: "run.trigger", means: "manual, api, schedule, …" },
  { name: "failures", means: "failures in a row" },
  { name: "failing_since", means: "when the first of them was" },
  { name: "late_seconds", means: "how late it started; only of late" },
];
