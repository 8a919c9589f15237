// Moves runs through their states in time, prints lines as a script would, and tells everyone who listens.
import { newRun, outcome, record, runs, scripts, system } from "./data.mjs";

const listeners = new Set();
/** Hears {type:"run"|"script"|"system"|"record"}; answers how to stop hearing. */
export const listen = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
export const tell = (event) => {
  for (const listener of listeners) listener(event);
};
export const tellScript = (script) => tell({ type: "script", script_id: script.id });

const STEP = Number(process.env.MOCK_STEP_MS ?? 500);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const now = () => new Date().toISOString();

function move(run, change) {
  Object.assign(run, change);
  tell({ type: "run", run });
}
function print(run, stream, text) {
  tell({ type: "record", run_id: run.id, record: record(run, stream, text) });
}
function finish(run, kind, extra = {}) {
  move(run, { state: "collecting" });
  move(run, {
    state: "finished",
    finished_at: now(),
    outcome: { ...outcome(kind), ...extra.outcome },
    exit_code: kind === "succeeded" ? 0 : kind === "failed" ? 1 : null,
    peak_memory_bytes: 41 * 1024 * 1024,
    cpu_ms: 380,
    ...extra.run,
  });
}

export function start(script, request = {}, kind = "script") {
  const run = newRun(script, kind, { args: request.args ?? [], env: request.env ?? {} });
  if (system.engine.state === "away")
    run.wait_reason = { kind: "engine_away", message: "Waits for the Docker engine, which is away." };
  tell({ type: "run", run });
  void (kind === "build" ? build(script, run) : execute(script, run));
  return run;
}

export function cancel(run) {
  if (run.state === "queued") finish(run, "cancelled");
  else if (run.state !== "finished") move(run, { state: "stopping" });
}

async function begin(run) {
  while (system.engine.state === "away" && run.state === "queued") await pause(STEP);
  if (run.state !== "queued") return false;
  run.wait_reason = null;
  await pause(STEP / 2);
  move(run, { state: "starting" });
  await pause(STEP / 2);
  move(run, { state: "running", started_at: now() });
  return true;
}

async function execute(script, run) {
  if (!(await begin(run))) return;
  const text = script.files.get(script.entry_point)?.body.toString() ?? "";
  const lines = /flood/.test(text) ? 200_000 : 10;
  for (let i = 1; i <= lines; i++) {
    if (run.state === "stopping") return finish(run, "cancelled");
    if (lines === 10) await pause(STEP);
    else if (i % 500 === 0) await pause(10);
    print(run, i % 2 ? "stdout" : "stderr", `line ${i} of ${lines}\n`);
  }
  if (/raise|sys\.exit\(1\)/.test(text)) {
    print(
      run,
      "stderr",
      'Traceback (most recent call last):\n  File "/script/main.py", line 3, in <module>\nRuntimeError: no luck\n',
    );
    finish(run, "failed", {
      outcome: {
        stderr_tail: [
          "Traceback (most recent call last):",
          '  File "/script/main.py", line 3, in <module>',
          "RuntimeError: no luck",
        ],
      },
    });
  } else finish(run, "succeeded");
}

async function build(script, run) {
  script.environment = { ...script.environment, state: "building", build_run_id: run.id };
  tellScript(script);
  if (!(await begin(run))) return;
  const names = script.requirements.map((line) => /^[\w.-]+/.exec(line)?.[0] ?? line);
  for (const text of [
    `Resolved ${names.length + 4} packages in 312ms\n`,
    ...names.map((name) => `Downloading ${name} (65.0 KiB)\n`),
    "Prepared packages in 180ms\n",
  ]) {
    if (run.state === "stopping") {
      script.environment.state = "needs_install";
      return finish(run, "cancelled");
    }
    await pause(STEP);
    print(run, "stderr", text);
  }
  const missing = names.find((name) => name.startsWith("no-such"));
  if (missing) {
    print(
      run,
      "stderr",
      `  × No solution found when resolving dependencies:\n  ╰─▶ Because ${missing} was not found in the package registry, the requirements are unsatisfiable.\n`,
    );
    script.environment = {
      ...script.environment,
      state: "failed",
      message: `${missing} was not found in the package registry.`,
    };
    finish(run, "failed", { outcome: { stderr_tail: [], message: "The packages could not be resolved." } });
  } else {
    script.packages = names.map((name, i) => ({
      name,
      asked: script.requirements[i],
      locked: "2.33.1",
      installed: "2.33.1",
    }));
    script.environment = {
      state: names.length ? "in_step" : "not_needed",
      lock_hash: "c0ffee",
      build_run_id: run.id,
      packages: names.length,
      message: null,
    };
    finish(run, "succeeded");
  }
  tellScript(script);
}

/** What the API says of a script: the parts that follow from its runs are worked out when asked. */
export function describe(script) {
  const { files: _files, requirements: _requirements, packages: _packages, trashed: _trashed, ...rest } = script;
  const own = [...runs.values()].filter((run) => run.script_id === script.id && run.kind === "script").reverse();
  return {
    ...rest,
    effective_limits: { ...system.default_limits, ...script.limits },
    last_run: own[0] ?? null,
    recent_outcomes: own.slice(0, 20).map((run) => ({
      run_id: run.id,
      kind: run.outcome?.kind ?? null,
      state: run.state,
      finished_at: run.finished_at,
      duration_ms: run.started_at && run.finished_at ? Date.parse(run.finished_at) - Date.parse(run.started_at) : null,
    })),
  };
}

export function dashboard() {
  const all = [...runs.values()].reverse();
  const live = [...scripts.values()].filter((script) => !script.trashed);
  const week = all.filter(
    (run) =>
      run.state === "finished" &&
      Date.now() - Date.parse(run.finished_at) < 7 * 86_400_000 &&
      run.outcome.kind !== "skipped",
  );
  const days = Array.from({ length: 14 }, (_, i) =>
    new Date(Date.now() - (13 - i) * 86_400_000).toISOString().slice(0, 10),
  );
  const active = all.filter((run) => run.state !== "finished");
  return {
    scripts: live.length,
    running: active.filter((run) => run.state !== "queued").length,
    queued: active.filter((run) => run.state === "queued").length,
    succeeded_7d: week.filter((run) => run.outcome.kind === "succeeded").length,
    finished_7d: week.length,
    running_runs: active,
    recent_runs: all
      .filter((run) => run.state === "finished")
      .sort((a, b) => b.queued_at.localeCompare(a.queued_at))
      .slice(0, 10),
    outcomes_by_day: days.map((day) => {
      const kinds = all.filter((run) => run.finished_at?.startsWith(day)).map((run) => run.outcome.kind);
      const succeeded = kinds.filter((kind) => kind === "succeeded").length;
      const failed = kinds.filter((kind) => !["succeeded", "cancelled", "skipped"].includes(kind)).length;
      return { day, succeeded, failed, other: kinds.length - succeeded - failed };
    }),
  };
}
