// A past of some thousand runs, so that filters, totals, retention and the search in logs have something to work on.
// The same on every start: what happened follows from a run's number alone.
import { ago, logs, newRun } from "./data.mjs";
import { outcome } from "./outcomes.mjs";

const MIB = 1024 * 1024;
const HOUR = 3_600_000;
const DAYS = 120;
const RUNS = 4200;

/** Repeatable, and good enough to look like chance. */
const chance = (n) => {
  const x = Math.sin(n * 12.9898) * 43_758.5453;
  return x - Math.floor(x);
};

/** What ends a run, by share: mostly well. */
const ENDS = [
  [0.925, "succeeded"],
  [0.962, "failed"],
  [0.972, "timed_out"],
  [0.98, "out_of_memory"],
  [0.99, "cancelled"],
  [0.996, "skipped"],
  [1, "environment_failed"],
];
const TRIGGERS = ["schedule", "schedule", "schedule", "manual", "api"];
const ERRORS = [
  ["ConnectionError", "HTTPSConnectionPool(host='shop.example.org', port=443): Read timed out."],
  ["KeyError", "'total'"],
  ["ValueError", "could not convert string to float: 'n/a'"],
];

function failedAs(i) {
  const [exception, message] = ERRORS[i % ERRORS.length];
  return {
    ...outcome("failed"),
    traceback: { exception, message, frames: [], location: { path: "main.py", line: 23 } },
    stderr_tail: ["Traceback (most recent call last):", `${exception}: ${message}`],
    message: `Failed with exit code 1: ${exception}: ${message} (main.py, line 23)`,
  };
}

function pastRun(script, i) {
  const age = (1 - i / RUNS) * DAYS * 24 * HOUR + 21 * HOUR;
  const kind = ENDS.find(([share]) => chance(i) < share)[1];
  const trigger = TRIGGERS[i % TRIGGERS.length];
  const took = Math.round(900 + chance(i + 0.5) * 40_000 + (kind === "timed_out" ? 3_600_000 : 0));
  const started = !["skipped", "environment_failed"].includes(kind);
  const queued = age + chance(i + 0.3) * 3000;
  const bytes = Math.round(2000 + chance(i + 0.7) * 900_000);
  return newRun(script, "script", {
    state: "finished",
    outcome: kind === "failed" ? failedAs(i) : outcome(kind),
    trigger: trigger === "schedule" ? { kind: trigger, schedule_id: "s1", slot: ago(queued) } : { kind: trigger },
    queued_at: ago(queued),
    started_at: started ? ago(age - 400) : null,
    finished_at: ago(age - 400 - (started ? took : 0)),
    exit_code: { succeeded: 0, failed: 1 }[kind] ?? null,
    signal: kind === "out_of_memory" ? 9 : null,
    revision: 1 + Math.floor(i / 260),
    peak_memory_bytes: started ? Math.round((40 + chance(i + 0.2) * 300) * MIB) : null,
    cpu_ms: started ? Math.round(took * 0.4) : null,
    artifacts: started ? { files: i % 9 === 0 ? 2 : 0, bytes: i % 9 === 0 ? 700_000 : 0 } : null,
    log: {
      stdout_bytes: bytes,
      stderr_bytes: kind === "failed" ? 900 : 0,
      dropped_bytes: 0,
      records: 42,
      last_seq: 42,
    },
    kept: i % 350 === 17,
  });
}

/** The lines that a past run wrote. */
function linesOf(run) {
  const lines = [`\u001b[1m${run.script_name}\u001b[0m run ${run.number} begins`];
  for (let row = 1; row <= 38; row++)
    lines.push(row % 13 === 0 ? `WARNING row ${row * 250} has no customer` : `read ${row * 250} rows ok`);
  return [...lines.map((text) => ["stdout", text]), ...(run.outcome.stderr_tail ?? []).map((text) => ["stderr", text])];
}

function write(run) {
  const records = linesOf(run).map(([stream, text], at) => ({
    seq: at + 1,
    at: run.started_at ?? run.queued_at,
    stream,
    text: `${text}\n`,
  }));
  logs.set(run.id, records);
}

export function seedHistory(scripts) {
  for (let i = 0; i < RUNS; i++) write(pastRun(scripts[i % scripts.length], i));
}
