// Moves runs through their states in time, prints lines as a script would, and tells everyone who listens.
import { summaryOf } from "./artifacts.mjs";
import { newRun, record, runs, scripts, system } from "./data.mjs";
import { invent, inventedSource } from "./log-source.mjs";
import { samplesOf } from "./measure.mjs";
import { outcome } from "./outcomes.mjs";
import { finishBuild } from "./packages.mjs";
import { planOf } from "./pretend.mjs";

const listeners = new Set();
/** Hears {type:"run"|"script"|"system"|"record"|"samples"}; answers how to stop hearing. */
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
/** Tells the newest measurement. */
function measure(run) {
  const sample = samplesOf(run).at(-1);
  if (sample) tell({ type: "samples", run_id: run.id, samples: [sample] });
}
function finish(run, kind, extra = {}) {
  move(run, { state: "collecting" });
  move(run, {
    state: "finished",
    finished_at: now(),
    outcome: { ...outcome(kind), ...extra.outcome },
    exit_code: kind === "succeeded" ? 0 : kind === "failed" ? 1 : null,
    signal: kind === "out_of_memory" ? 9 : null,
    peak_memory_bytes: extra.outcome?.peak_bytes ?? 41 * 1024 * 1024,
    cpu_ms: 380,
    usage: { cpu_throttled_ms: 0, peak_pids: 3, pids_refused: 0, tmp_peak_bytes: 4096 },
    artifacts: summaryOf(run, scripts.get(run.script_id)),
    ...extra.run,
  });
}

export function start(script, request = {}, kind = "script") {
  const run = newRun(script, kind, { args: request.args ?? [], env: request.env ?? {} });
  if (request.build) run.build = { action: "install", packages: [], build_from_source: [], ...request.build };
  if (system.engine.state !== "ready")
    run.wait_reason = {
      kind: "engine_away",
      message: "The container engine is not ready; the run starts when it is",
    };
  tell({ type: "run", run });
  moving.add(run);
  void (kind === "build" ? build(script, run) : execute(script, run));
  return run;
}

export function cancel(run) {
  if (run.state === "queued") finish(run, "cancelled");
  else if (run.state !== "finished") move(run, { state: "stopping" });
}

/** Runs that move; those that were seeded stand still. */
const moving = new Set();

/** The run of the same script that it has to wait for. */
const inTheWay = (run, script) =>
  script?.overlap === "queue"
    ? [...moving].find(
        (each) => each.script_id === run.script_id && each.number < run.number && each.state !== "finished",
      )
    : undefined;

async function begin(run, script) {
  while (system.engine.state !== "ready" && run.state === "queued") await pause(STEP);
  for (let other = inTheWay(run, script); other && run.state === "queued"; other = inTheWay(run, script)) {
    const message = `Run ${other.number} of this script has to finish first`;
    if (run.wait_reason?.message !== message) move(run, { wait_reason: { kind: "overlap", message } });
    await pause(STEP);
  }
  if (run.state !== "queued") return false;
  run.wait_reason = null;
  await pause(STEP / 2);
  move(run, { state: "starting" });
  await pause(STEP / 2);
  move(run, { state: "running", started_at: now() });
  return true;
}

async function execute(script, run) {
  if (!(await begin(run, script))) return;
  const { lines, perSecond, end } = planOf(script, run);
  if (perSecond) return pour(run, lines, perSecond);
  const flood = lines === 200_000;
  for (let i = 1; i <= lines; i++) {
    if (run.state === "stopping") return finish(run, "cancelled");
    if (!flood) {
      await pause(STEP);
      measure(run);
    } else if (i % 500 === 0) await pause(10);
    print(run, i % 2 ? "stdout" : "stderr", `line ${i} of ${lines}\n`);
  }
  if (!end) return finish(run, "succeeded");
  print(run, "stderr", `${end.stderr_tail.join("\n")}\n`);
  finish(run, end.kind, { outcome: end });
}

/** So many lines a second that nobody could keep them: 100 MB when they are a million. */
async function pour(run, lines, perSecond) {
  const began = Date.now();
  const printed = () => Math.min(lines, Math.floor(((Date.now() - began) / 1000) * perSecond));
  let stopped = null;
  // One that is there at once is dated as if it had taken hours.
  const pace = Math.min(perSecond, lines > perSecond ? perSecond : 700);
  if (pace < perSecond) run.started_at = new Date(began - (lines / pace) * 1000).toISOString();
  invent(
    run.id,
    inventedSource(() => stopped ?? printed(), Date.parse(run.started_at), pace),
  );
  while (printed() < lines && run.state !== "stopping") {
    await pause(100);
    measure(run);
  }
  stopped = printed();
  run.log = {
    stdout_bytes: stopped * 90,
    stderr_bytes: stopped * 10,
    dropped_bytes: 0,
    records: stopped,
    last_seq: stopped,
  };
  finish(run, run.state === "stopping" ? "cancelled" : "succeeded");
}

async function build(script, run) {
  const before = script.environment;
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
      script.environment = before;
      tellScript(script);
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
    finishBuild(script, run, before);
    finish(run, "succeeded");
  }
  tellScript(script);
}

/** What the API says of a script: the parts that follow from its runs are worked out when asked. */
export function describe(script) {
  const { files: _files, requirements: _requirements, packages: _packages, trashed: _trashed, ...more } = script;
  const { inline: _inline, environments: _environments, check: _check, build_from_source: _source, ...rest } = more;
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
