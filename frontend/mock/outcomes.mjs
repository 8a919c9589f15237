// Every outcome as the product explains it: the sentence, last words, a traceback, the limits that were reached.
const MIB = 1024 * 1024;

const STDERR = [
  "WARNING row 9000 has no customer",
  "Traceback (most recent call last):",
  '  File "/script/main.py", line 33, in <module>',
  "    sys.exit(main())",
  '  File "/script/main.py", line 23, in main',
  '    answer = requests.post(WEBHOOK, json={"text": summary["total"]}, timeout=10)',
  '  File "/env/lib/python3.13/site-packages/requests/api.py", line 115, in post',
  '    return request("post", url, data=data, json=json, **kwargs)',
  "KeyError: 'total'",
];

const frame = (path, line, fn, code) => ({
  file: `/script/${path}`,
  line,
  function: fn,
  code,
  script_path: path,
});
const library = (file, line, fn, code) => ({
  file: `/env/lib/python3.13/site-packages/${file}`,
  line,
  function: fn,
  code,
});

export const TRACEBACK = {
  exception: "KeyError",
  message: "'total'",
  frames: [
    frame("main.py", 33, "<module>", "sys.exit(main())"),
    frame("main.py", 23, "main", 'answer = post(WEBHOOK, json={"text": summary["total"]}, timeout=10)'),
    library("requests/api.py", 115, "post", 'return request("post", url, data=data, json=json, **kwargs)'),
    library("requests/sessions.py", 589, "request", "resp = self.send(prep, **send_kwargs)"),
    frame("helpers.py", 2, "double", "return x * 2"),
    library("urllib3/connectionpool.py", 793, "urlopen", "response = self._make_request("),
  ],
  location: { path: "helpers.py", line: 2 },
};

export const STDERR_TEXT = `${STDERR.join("\n")}\n`;

const hit = (limit, message, allowed = null, found = null) => ({ limit, allowed, found, message });

const OUTCOMES = {
  succeeded: { message: "Succeeded" },
  failed: {
    exit_code: 1,
    stderr_tail: STDERR,
    traceback: TRACEBACK,
    message: "Failed with exit code 1: KeyError: 'total' (helpers.py, line 2)",
  },
  out_of_memory: {
    limit_bytes: 512 * MIB,
    peak_bytes: 512 * MIB,
    limits_hit: [
      hit("memory_bytes", "Memory: the limit of 512 MiB was reached", 512 * MIB, 512 * MIB),
      hit("cpus", "CPU: it was held back for 3.4 s by the limit of 1 CPUs", null, 3400),
    ],
    stderr_tail: ["loading frame 411", "loading frame 412"],
    message: "Out of memory: the limit is 512 MiB, the peak was 512 MiB",
  },
  timed_out: {
    limit_seconds: 3600,
    limits_hit: [
      hit("run_seconds", "Run time: the limit of 3600 s was reached", 3600),
      hit("stop_grace_seconds", "Stopping: it was still there 10 s after SIGTERM and was killed", 10),
    ],
    message: "Timed out after 3600 s; it was still there 10 s later and was killed",
  },
  cancelled: { by: "user", message: "Cancelled by user" },
  signalled: {
    signal: 11,
    stderr_tail: ["Fatal Python error: Segmentation fault"],
    message: "Killed by SIGSEGV",
  },
  skipped: {
    reason: "run 1243 of this script was not finished",
    message: "Skipped: run 1243 of this script was not finished",
  },
  environment_failed: { build_run_id: null, message: "Its environment could not be built: there is no pandas==9.9" },
  engine_error: {
    detail: "no space left on device",
    message: "The run could not be started: no space left on device",
  },
  lost: {
    reason: "its container is gone",
    cause: "vanished",
    message: "Lost: its container is gone",
  },
};

export const KINDS = Object.keys(OUTCOMES);
export const outcome = (kind) => ({ kind, ...OUTCOMES[kind] });

/** Ended by the disk watch, which is a failure without an exit code. */
export const stoppedAtDisk = {
  kind: "failed",
  exit_code: null,
  limits_hit: [
    hit("disk_bytes", "Disk: the script's folder took 10.2 GiB, the limit is 10 GiB", 10 * 1024 * MIB, 10_445 * MIB),
  ],
  message: "Stopped at a limit. Disk: the script's folder took 10.2 GiB, the limit is 10 GiB",
};

function differences(before, now) {
  const limits = Object.keys(now.limits).filter((name) => now.limits[name] !== before.limits[name]);
  return [
    ...(before.revision === now.revision ? [] : [{ what: "revision", from: before.revision, to: now.revision }]),
    ...limits.map((name) => ({ what: "limit", name, from: before.limits[name], to: now.limits[name] })),
  ];
}

/** GET /runs/{id}/changes: the newest runs of the example script have a change of every kind. */
export function changesOf(run, before) {
  if (!before) return { since: null, changes: [] };
  const since = { run_id: before.id, number: before.number, finished_at: before.finished_at };
  if (run.script_name !== "nightly-report" || run.revision !== 17) return { since, changes: differences(before, run) };
  return {
    since,
    changes: [
      { what: "revision", from: 16, to: 17 },
      { what: "lock", from: "b3f0", to: "b3f1" },
      { what: "arguments", from: [], to: ["--day", "yesterday"] },
      { what: "variables", names: ["REGION", "WEBHOOK_TOKEN"] },
      { what: "limit", name: "memory_bytes", from: 512 * MIB, to: 64 * MIB },
      { what: "package", name: "requests", from: "2.31.0", to: "2.32.5" },
      { what: "package", name: "charset-normalizer", from: null, to: "3.4.5" },
    ],
  };
}
