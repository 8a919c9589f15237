// What the pretend server starts with: one script per situation that the interface must show, and runs with every
// outcome. Plain values; `simulate.mjs` moves them, `server.mjs` serves them.
import { summaryOf } from "./artifacts.mjs";
import { seedHistory } from "./history-seed.mjs";
import { KINDS, outcome, STDERR_TEXT, stoppedAtDisk } from "./outcomes.mjs";
import { seedPackages } from "./packages-seed.mjs";
import { inForce } from "./settings.mjs";

const MIB = 1024 * 1024;

let ids = 0;
export const newId = () => `018f${(++ids).toString(16).padStart(8, "0")}`;
let runNumber = 1200;
export const ago = (ms) => new Date(Date.now() - ms).toISOString();
const MIN = 60_000;
const HOUR = 60 * MIN;

export const system = {
  version: "0.1.0",
  instance: "3f9a1c",
  engine: {
    state: "ready",
    message: null,
    version: "26.1.5",
    api_version: "1.45",
    storage: "subpath",
    cgroup: 2,
    cpus: 8,
    memory_bytes: 16 * 1024 * MIB,
    unenforced: [{ limit: "tmp", reason: "a test container was found to have no such limit" }],
  },
  data_dir: "/data",
  free_bytes: 187_400 * MIB,
  disk: {
    free_bytes: 187_400 * MIB,
    total_bytes: 476_000 * MIB,
    floor_bytes: 512 * MIB,
    low: false,
    reserve_bytes: 64 * MIB,
  },
  runner_image: "pytask-runner:3.13",
  get max_runs() {
    return inForce().max_runs;
  },
  get default_limits() {
    return inForce().default_limits;
  },
};

export const scripts = new Map();
export const runs = new Map();
/** Run id → records of its log. */
export const logs = new Map();

export function newScript(name, description = "", tags = [], extra = {}) {
  const now = new Date().toISOString();
  const script = {
    id: newId(),
    name,
    slug: name.toLowerCase().replace(/[^a-z0-9]+/g, "-"),
    description,
    tags,
    entry_point: "main.py",
    paused: false,
    limits: {},
    image: null,
    overlap: "queue",
    parallel_limit: null,
    retention: { max_age_days: null, max_runs: null, max_bytes: null },
    revision: 1,
    created_at: now,
    updated_at: now,
    files: new Map([["main.py", { body: Buffer.from('print("Hello")\n'), version: 1, at: now }]]),
    requirements: [],
    packages: [],
    build_from_source: [],
    inline: null,
    environments: [],
    check: null,
    environment: { state: "not_needed", lock_hash: null, build_run_id: null, packages: 0, message: null },
    ...extra,
  };
  scripts.set(script.id, script);
  return script;
}

export function newRun(script, kind = "script", extra = {}) {
  const run = {
    id: newId(),
    number: ++runNumber,
    script_id: script.id,
    script_name: script.name,
    kind,
    state: "queued",
    outcome: null,
    trigger: { kind: "manual" },
    queued_at: new Date().toISOString(),
    started_at: null,
    finished_at: null,
    exit_code: null,
    signal: null,
    revision: kind === "script" ? script.revision : null,
    lock_hash: null,
    image: system.runner_image,
    image_digest: "sha256:6f1c5d0a8f0d2b1f",
    limits: { ...system.default_limits, ...script.limits },
    overlap: script.overlap,
    parallel_limit: script.parallel_limit,
    args: [],
    env: {},
    peak_memory_bytes: null,
    cpu_ms: null,
    usage: null,
    artifacts: null,
    wait_reason: null,
    log: null,
    build_run_id: null,
    kept: false,
    build: kind === "build" ? { action: "install", packages: [], build_from_source: [] } : null,
    ...extra,
  };
  runs.set(run.id, run);
  logs.set(run.id, []);
  return run;
}

export function record(run, stream, text) {
  const records = logs.get(run.id);
  const entry = { seq: records.length + 1, at: new Date().toISOString(), stream, text };
  records.push(entry);
  run.log ??= { stdout_bytes: 0, stderr_bytes: 0, dropped_bytes: 0, records: 0, last_seq: 0 };
  if (stream !== "system") run.log[`${stream}_bytes`] += Buffer.byteLength(text);
  run.log.records = records.length;
  run.log.last_seq = entry.seq;
  return entry;
}

const STARTED = new Set(["succeeded", "failed", "signalled", "out_of_memory", "timed_out", "cancelled", "lost"]);

function past(script, kind, queuedAgo, took, trigger = "manual", extra = {}) {
  const run = newRun(script, "script", {
    state: "finished",
    outcome: outcome(kind),
    trigger: trigger === "schedule" ? { kind: trigger, schedule_id: "s1", slot: ago(queuedAgo) } : { kind: trigger },
    queued_at: ago(queuedAgo),
    started_at: ago(queuedAgo - 400),
    finished_at: ago(queuedAgo - 400 - took),
    exit_code: kind === "succeeded" ? 0 : kind === "failed" ? 1 : null,
    signal: kind === "signalled" ? 11 : kind === "out_of_memory" ? 9 : null,
    peak_memory_bytes: kind === "out_of_memory" ? 512 * MIB : 182 * MIB,
    cpu_ms: Math.round(took * 0.55),
    usage: {
      cpu_throttled_ms: kind === "out_of_memory" ? 3400 : 120,
      peak_pids: 6,
      pids_refused: kind === "signalled" ? 12 : 0,
      tmp_peak_bytes: 3 * MIB,
    },
    ...extra,
  });
  if (STARTED.has(kind)) run.artifacts = summaryOf(run, script);
  else Object.assign(run, { started_at: null, peak_memory_bytes: null, cpu_ms: null, usage: null });
  record(run, "stdout", "\u001b[1mnightly-report\u001b[0m reading \u001b[36morders.csv\u001b[0m\n");
  for (let i = 1; i <= 40; i++)
    record(
      run,
      i % 9 === 0 ? "stderr" : "stdout",
      i % 9 === 0
        ? `\u001b[33mWARNING\u001b[0m row ${i * 250} has no customer\n`
        : `read ${String(i * 250).padStart(6)} rows  \u001b[32mok\u001b[0m\n`,
    );
  if (kind === "failed") record(run, "stderr", STDERR_TEXT);
  return run;
}

const REPORT = `"""Sums yesterday's orders and posts them to the team's channel."""

import csv
import sys
from collections import Counter
from pathlib import Path

import requests

WEBHOOK = "https://chat.example.org/hooks/orders"


def read_orders(path: Path) -> Counter:
    totals: Counter = Counter()
    with path.open(newline="") as handle:
        for row in csv.DictReader(handle):
            totals[row["country"]] += float(row["amount"])
    return totals


def main() -> int:
    totals = read_orders(Path("orders.csv"))
    for country, amount in totals.most_common():
        print(f"{country:<4} {amount:>12,.2f}")
    answer = requests.post(WEBHOOK, json={"text": f"{sum(totals.values()):,.0f}"}, timeout=10)
    if not answer.ok:
        print(f"webhook said {answer.status_code}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
`;
const file = (text) => ({ body: Buffer.from(text), version: 1, at: ago(HOUR) });
const installed = (name, asked, version) => ({ name, asked, locked: version, installed: version });

export function seed() {
  const report = newScript(
    "nightly-report",
    "Sums yesterday's orders and posts them to the team",
    ["reports", "daily"],
    {
      revision: 17,
      files: new Map([
        ["main.py", file(REPORT)],
        ["helpers.py", file("def double(x):\n    return x * 2\n")],
        ["orders.csv", file("country,amount\nDE,120.50\nFR,99\n")],
        ["logo.png", { ...file("\u0000\u0001PNG"), binary: true }],
      ]),
      requirements: ["requests>=2"],
      packages: [
        installed("requests", "requests>=2", "2.33.1"),
        installed("certifi", null, "2026.2.25"),
        installed("charset-normalizer", null, "3.4.5"),
        installed("idna", null, "3.11"),
        installed("urllib3", null, "2.6.3"),
      ],
      environment: { state: "in_step", lock_hash: "b3f1", build_run_id: null, packages: 5, message: null },
    },
  );
  const backup = newScript("backup-photos", "Copies new photos to the NAS", ["home"]);
  const scrape = newScript("price-watch", "Looks at three shops every hour", ["web", "hourly"], {
    requirements: ["httpx", "selectolax"],
    packages: [
      { name: "httpx", asked: "httpx", locked: "0.28.1", installed: "0.28.1" },
      { name: "selectolax", asked: "selectolax", locked: null, installed: null },
    ],
    environment: { state: "needs_install", lock_hash: "aa01", build_run_id: null, packages: 1, message: null },
  });
  const train = newScript("train-model", "", ["ml"], {
    requirements: ["pandas==9.9"],
    packages: [{ name: "pandas", asked: "pandas==9.9", locked: null, installed: null }],
  });
  const build = newRun(train, "build", {
    state: "finished",
    queued_at: ago(3 * HOUR),
    started_at: ago(3 * HOUR - 300),
    finished_at: ago(3 * HOUR - 2400),
    outcome: {
      kind: "failed",
      exit_code: 1,
      stderr_tail: [
        "× No solution found when resolving dependencies:",
        "╰─▶ Because there is no version of pandas==9.9, the requirements are unsatisfiable.",
      ],
      message: "The packages could not be resolved.",
    },
    exit_code: 1,
  });
  record(
    build,
    "stderr",
    "  × No solution found when resolving dependencies:\n  ╰─▶ Because there is no version of pandas==9.9 and you require pandas==9.9, we can conclude that\n      your requirements are unsatisfiable.\n",
  );
  train.environment = {
    state: "failed",
    lock_hash: null,
    build_run_id: build.id,
    packages: 0,
    message: "There is no version of pandas==9.9.",
  };
  seedPackages({ report, scrape, train }, { newRun, newScript, ago });
  newScript("certificate-check", "Warns two weeks before a certificate ends", ["web", "daily"]);
  const stream = newScript("stream-prices", "Listens to the exchange until it is stopped", ["web"], {
    files: new Map([["main.py", file("import time\n\nwhile True:\n    print(read())\n    time.sleep(0.5)\n")]]),
    limits: { memory_bytes: 256 * MIB, cpus: 2 },
  });

  seedHistory([report, scrape, report, backup, scrape, train]);
  for (let i = 0; i < 60; i++)
    past(report, i % 11 === 10 ? "failed" : "succeeded", (62 - i) * 8 * HOUR, 11_000 + (i % 7) * 900, "schedule");
  for (const [i, kind] of KINDS.entries())
    past([scrape, train, backup][i % 3], kind, (40 - i) * 31 * MIN, 1000 + i * 4100);
  past(backup, "failed", 70 * MIN, 64_000, "manual", { outcome: stoppedAtDisk, exit_code: null, signal: 15 });
  past(report, "failed", 2 * MIN, 12_400, "schedule", { args: ["--day", "yesterday"] });
  const replaced = past(scrape, "cancelled", 90 * MIN, 5000);
  replaced.outcome = {
    ...outcome("cancelled"),
    by: "the run that replaces it",
    message: "Cancelled by the run that replaces it",
    replaced_by: past(scrape, "succeeded", 89 * MIN, 9000).id,
  };
  for (const [i, [kind, message]] of WAITS.entries())
    newRun([scrape, train, backup, report][i % 4], "script", {
      queued_at: ago((i + 1) * 47_000),
      wait_reason: { kind, message },
    });
  return { endless: stream };
}

/** Every reason to wait, as the product words it. These stay in the queue until they are taken out. */
const WAITS = [
  ["engine_away", "The container engine is not ready; the run starts when it is"],
  ["global_cap", "4 of at most 4 runs are active"],
  ["overlap", "Run 1262 of this script has to finish first"],
  ["environment", "Its environment is being built"],
  ["disk_full", "The disk has 380 MiB free, and 512 MiB are kept; the run starts when there is room"],
];
