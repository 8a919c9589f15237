// What the pretend server starts with: one script per situation that the interface must show, and runs with every
// outcome. Plain values; `simulate.mjs` moves them, `server.mjs` serves them.
const MIB = 1024 * 1024;

export const defaultLimits = {
  memory_bytes: 512 * MIB,
  cpus: 1,
  pids: 128,
  nofile: 1024,
  fsize_bytes: 1024 * MIB,
  run_seconds: 3600,
  stop_grace_seconds: 10,
  log_bytes: 64 * MIB,
  tmp_bytes: 64 * MIB,
  disk_bytes: null,
  network: "bridge",
};

let ids = 0;
export const newId = () => `018f${(++ids).toString(16).padStart(8, "0")}`;
let runNumber = 1200;
export const ago = (ms) => new Date(Date.now() - ms).toISOString();
const MIN = 60_000;
const HOUR = 60 * MIN;

export const system = {
  version: "0.1.0",
  instance: "3f9a1c",
  engine: { state: "ready", message: null, version: "26.1.5", api_version: "1.45", storage: "subpath", cgroup: 2 },
  data_dir: "/data",
  free_bytes: 187_400 * MIB,
  max_runs: 4,
  default_limits: defaultLimits,
  runner_image: "pytask-runner:3.13",
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
    revision: 1,
    created_at: now,
    updated_at: now,
    files: new Map([["main.py", { body: Buffer.from('print("Hello")\n'), version: 1, at: now }]]),
    requirements: [],
    packages: [],
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
    limits: { ...defaultLimits, ...script.limits },
    args: [],
    env: {},
    peak_memory_bytes: null,
    cpu_ms: null,
    wait_reason: null,
    log: null,
    build_run_id: null,
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

const TRACEBACK = [
  "Traceback (most recent call last):",
  '  File "/script/report.py", line 41, in <module>',
  "    print(summary['total'])",
  "          ~~~~~~~^^^^^^^^^",
  "KeyError: 'total'",
];

const OUTCOMES = {
  succeeded: { message: "It ended with exit 0." },
  failed: { exit_code: 1, stderr_tail: TRACEBACK, message: "It ended with exit 1." },
  out_of_memory: {
    limit_bytes: 512 * MIB,
    peak_bytes: 512 * MIB,
    message: "The kernel ended it when it needed more than its 512 MiB.",
  },
  timed_out: { limit_seconds: 3600, message: "It was stopped after its 3600 seconds." },
  cancelled: { by: "user", message: "It was stopped by hand." },
  signalled: { signal: 11, message: "It was killed by signal 11 (SIGSEGV)." },
  skipped: { reason: "overlap", message: "The run before it was still going." },
  environment_failed: { build_run_id: null, message: "Its packages could not be installed." },
  engine_error: {
    detail: "no space left on device",
    message: "Docker could not start the container: no space left on device.",
  },
  lost: { reason: "exit facts missing", message: "The container is gone and left no exit facts." },
};

export const outcome = (kind) => ({ kind, ...OUTCOMES[kind] });

function past(script, kind, queuedAgo, took, trigger = "manual") {
  const run = newRun(script, "script", {
    state: "finished",
    outcome: outcome(kind),
    trigger: { kind: trigger },
    queued_at: ago(queuedAgo),
    started_at: kind === "skipped" ? null : ago(queuedAgo - 400),
    finished_at: ago(queuedAgo - 400 - took),
    exit_code: kind === "succeeded" ? 0 : kind === "failed" ? 1 : null,
    signal: kind === "signalled" ? 11 : kind === "out_of_memory" ? 9 : null,
    peak_memory_bytes: kind === "out_of_memory" ? 512 * MIB : 182 * MIB,
    cpu_ms: took * 0.7,
  });
  record(run, "stdout", "\u001b[1mnightly-report\u001b[0m reading \u001b[36morders.csv\u001b[0m\n");
  for (let i = 1; i <= 40; i++)
    record(
      run,
      i % 9 === 0 ? "stderr" : "stdout",
      i % 9 === 0
        ? `\u001b[33mWARNING\u001b[0m row ${i * 250} has no customer\n`
        : `read ${String(i * 250).padStart(6)} rows  \u001b[32mok\u001b[0m\n`,
    );
  if (kind === "failed") record(run, "stderr", `${TRACEBACK.join("\n")}\n`);
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
  newScript("certificate-check", "Warns two weeks before a certificate ends", ["web", "daily"]);

  const kinds = Object.keys(OUTCOMES);
  for (let i = 0; i < 60; i++)
    past(report, i % 11 === 10 ? "failed" : "succeeded", (62 - i) * 8 * HOUR, 11_000 + (i % 7) * 900, "schedule");
  for (const [i, kind] of kinds.entries())
    past([scrape, train, backup][i % 3], kind, (40 - i) * 31 * MIN, 1000 + i * 4100);
  past(report, "failed", 2 * MIN, 12_400, "schedule");
}
