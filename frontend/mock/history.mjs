// The past as the product serves it: runs by filters, totals, saved filters, the search in logs, what retention would
// remove, and what is kept.
import { logs, newId, runs, scripts } from "./data.mjs";
import { inForce } from "./settings.mjs";
import { tell } from "./simulate.mjs";

const DAY = 86_400_000;
const OUTCOMES = [
  "succeeded",
  "failed",
  "signalled",
  "out_of_memory",
  "timed_out",
  "cancelled",
  "skipped",
  "environment_failed",
  "engine_error",
  "lost",
];
const ALLOWED = {
  outcome: OUTCOMES,
  state: ["queued", "starting", "running", "stopping", "collecting", "finished"],
  kind: ["script", "build", "compile"],
  trigger: ["manual", "schedule", "api", "system"],
};
const STEP = Number(process.env.MOCK_STEP_MS ?? 500);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const seconds = (run) => (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000;
const isLasting = (run) => run.started_at === null || run.finished_at === null;
const errorTail = (run) =>
  [run.outcome?.message, ...(run.outcome?.stderr_tail ?? []), run.outcome?.traceback?.exception]
    .join("\n")
    .toLowerCase();

/** One test per filter: (run, what is asked for) → whether it fits. */
const FITS = {
  script: (run, id) => run.script_id === id,
  tag: (run, tag) => scripts.get(run.script_id)?.tags.includes(tag),
  outcome: (run, kinds) => kinds.split(",").includes(run.outcome?.kind),
  state: (run, state) => run.state === state,
  kind: (run, kind) => run.kind === kind,
  trigger: (run, kind) => run.trigger.kind === kind,
  schedule: (run, id) => run.trigger.schedule_id === id,
  from: (run, at) => Date.parse(run.queued_at) >= Date.parse(at),
  to: (run, at) => Date.parse(run.queued_at) < Date.parse(at),
  longer_than: (run, least) => !isLasting(run) && seconds(run) > Number(least),
  shorter_than: (run, most) => !isLasting(run) && seconds(run) < Number(most),
  kept: (run) => run.kept,
  q: (run, part) => run.script_name.toLowerCase().includes(part.toLowerCase()),
  error: (run, part) => errorTail(run).includes(part.toLowerCase()),
};

function checked(url, refuse) {
  const want = Object.entries(Object.fromEntries(url.searchParams)).filter(([name]) => name in FITS);
  for (const [name, value] of want) {
    const strange = ALLOWED[name] && value.split(",").find((each) => !ALLOWED[name].includes(each));
    if (strange)
      refuse(400, "invalid_query", `${name}: “${strange}” is not one of ${ALLOWED[name].join(", ")}.`, { field: name });
    if (name === "error" && value.length < 3)
      refuse(400, "invalid_query", "error: at least 3 characters are needed.", { field: name });
  }
  return want;
}

const found = (want) =>
  [...runs.values()]
    .filter((run) => want.every(([name, value]) => FITS[name](run, value)))
    .sort((a, b) => b.queued_at.localeCompare(a.queued_at));

const bytesOf = (run) => (run.log ? run.log.stdout_bytes + run.log.stderr_bytes : 0);
const sum = (list, of) => list.reduce((total, each) => total + of(each), 0);

function totals(script) {
  const own = [...runs.values()].filter((run) => run.kind === "script" && (!script || run.script_id === script));
  const by_outcome = {};
  for (const run of own) if (run.outcome) by_outcome[run.outcome.kind] = (by_outcome[run.outcome.kind] ?? 0) + 1;
  return {
    total: own.length,
    by_outcome,
    unfinished: own.filter((run) => run.state !== "finished").length,
    kept: own.filter((run) => run.kept).length,
    log_bytes: sum(own, bytesOf),
    artifact_bytes: sum(own, (run) => run.artifacts?.bytes ?? 0),
  };
}

const saved = new Map();
function save(name, query) {
  const filter = { id: newId(), name, query, created_at: new Date().toISOString() };
  saved.set(filter.id, filter);
  return filter;
}
save("Failures of the week", { outcome: "failed,signalled,out_of_memory,timed_out", last: "7d" });
save("Slow runs", { longer_than: "30", kind: "script" });

function byScript(list) {
  const of = new Map();
  for (const run of list) {
    if (!of.has(run.script_id)) of.set(run.script_id, []);
    of.get(run.script_id).push(run);
  }
  return of;
}

/** The runs that a policy gives up, oldest first: by age, by number per script, by bytes of all. */
function removable(policy, only) {
  const finished = [...runs.values()].filter((run) => run.state === "finished" && run.kind === "script" && !run.kept);
  const of = byScript(finished);
  const gone = new Set();
  for (const [script, own] of of) {
    if (only && script !== only) continue;
    own.sort((a, b) => b.queued_at.localeCompare(a.queued_at));
    const rule = (name) => policy[name] ?? inForce().retention[name] ?? 0;
    const last = new Set([
      own.find((run) => run.outcome.kind === "succeeded"),
      own.find((run) => !["succeeded", "skipped", "cancelled"].includes(run.outcome.kind)),
    ]);
    for (const [at, run] of own.entries()) {
      const old = rule("max_age_days") > 0 && Date.now() - Date.parse(run.queued_at) > rule("max_age_days") * DAY;
      const many = rule("max_runs") > 0 && at >= rule("max_runs");
      if ((old || many) && !last.has(run)) gone.add(run);
    }
  }
  const most = policy.max_bytes ?? inForce().retention.max_bytes ?? 0;
  const rest = finished.filter((run) => !gone.has(run) && (!only || run.script_id === only));
  rest.sort((a, b) => a.queued_at.localeCompare(b.queued_at));
  let bytes = sum(rest, bytesOf);
  for (const run of most > 0 ? rest : []) {
    if (bytes <= most) break;
    bytes -= bytesOf(run);
    gone.add(run);
  }
  return [...gone].sort((a, b) => a.queued_at.localeCompare(b.queued_at));
}

function preview(url) {
  const number = (name) => (url.searchParams.has(name) ? Number(url.searchParams.get(name)) : undefined);
  const policy = { max_age_days: number("max_age_days"), max_runs: number("max_runs"), max_bytes: number("max_bytes") };
  const gone = removable(policy, url.searchParams.get("script"));
  const by = [...byScript(gone)].map(([script_id, own]) => ({
    script_id,
    script_name: own[0].script_name,
    runs: own.length,
    bytes: sum(own, bytesOf),
  }));
  return {
    runs: gone.length,
    bytes: sum(gone, bytesOf),
    oldest: gone[0]?.queued_at ?? null,
    newest: gone.at(-1)?.queued_at ?? null,
    by_script: by.sort((a, b) => b.bytes - a.bytes).slice(0, 20),
    truncated: by.length > 20,
  };
}

function patternOf(url, refuse) {
  const q = url.searchParams.get("q") ?? "";
  const flags = url.searchParams.get("ignore_case") === "false" ? "g" : "gi";
  if (q === "") refuse(400, "invalid_query", "q: there is nothing to look for.", { field: "q" });
  if (url.searchParams.get("regex") !== "true") return new RegExp(escaped(q), flags);
  try {
    return new RegExp(q, flags);
  } catch (error) {
    return refuse(400, "invalid_query", `q: ${error.message}.`, { field: "q" });
  }
}
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function matchesIn(run, pattern) {
  const found = [];
  let line = 0;
  for (const { at, stream, text } of logs.get(run.id))
    for (const each of text.trimEnd().split("\n")) {
      line++;
      const ranges = [...each.matchAll(pattern)].map((match) => [match.index, match.index + match[0].length]);
      if (ranges.length > 0) found.push({ line, position: line, at, stream, text: each, ranges });
    }
  return found;
}

async function* searched(all, pattern, cursor) {
  const list = all.slice(cursor === null ? 0 : all.findIndex((run) => run.id === cursor) + 1);
  let searched_bytes = 0;
  for (const [at, run] of list.entries()) {
    const lines = matchesIn(run, pattern);
    searched_bytes += bytesOf(run);
    if (lines.length > 0) {
      yield { type: "run", run, matches: lines.length, lines: lines.slice(-3).reverse(), cursor: run.id };
    }
    if (at % 40 === 39) {
      yield { type: "progress", searched_runs: at + 1, searched_bytes, before: run.queued_at, cursor: run.id };
      await pause(STEP / 10);
    }
  }
  const last = list.at(-1);
  yield {
    type: "done",
    searched_runs: list.length,
    searched_bytes,
    before: last?.queued_at ?? null,
    cursor: last?.id ?? null,
  };
}

/** Lines of JSON, one by one as they come; ends when nobody reads any more. */
async function stream(response, frames) {
  for await (const frame of frames) {
    if (response.destroyed) return;
    response.write(`${JSON.stringify(frame)}\n`);
  }
  response.end();
}

export function historyRoutes({ known, refuse, page }) {
  const named = (name, id) => {
    if (!name || name.length > 60) refuse(422, "invalid_field", "A name has 1 to 60 characters.", { field: "name" });
    if ([...saved.values()].some((each) => each.name === name && each.id !== id))
      refuse(409, "name_taken", `“${name}” is the name of another saved filter.`, { field: "name" });
    return name;
  };
  return [
    ["GET", /^\/runs$/, ({ url }) => ({ json: page(found(checked(url, refuse)), url) })],
    ["GET", /^\/runs\/totals$/, ({ url }) => ({ json: totals(url.searchParams.get("script")) })],
    [
      "GET",
      /^\/runs\/search$/,
      ({ url }) => {
        const pattern = patternOf(url, refuse);
        const want = checked(url, refuse).filter(([name]) => name !== "q");
        if (url.searchParams.has("name")) want.push(["q", url.searchParams.get("name")]);
        return {
          headers: { "content-type": "application/x-ndjson" },
          stream: (response) => stream(response, searched(found(want), pattern, url.searchParams.get("cursor"))),
        };
      },
    ],
    [
      "PATCH",
      /^\/runs\/([^/]+)$/,
      ({ id, json }) => {
        const run = Object.assign(known(runs, id, "run"), { kept: json.kept === true });
        tell({ type: "run", run });
        return { json: run };
      },
    ],
    [
      "DELETE",
      /^\/runs\/([^/]+)$/,
      ({ id }) => {
        const run = known(runs, id, "run");
        if (run.state !== "finished") refuse(409, "run_unfinished", `Run ${run.number} is not over yet.`);
        if (run.kept) refuse(409, "run_kept", `Run ${run.number} is kept. Let it go first.`);
        runs.delete(id);
        logs.delete(id);
        return { status: 204 };
      },
    ],
    ["GET", /^\/retention\/preview$/, ({ url }) => ({ json: preview(url) })],
    ["GET", /^\/saved-filters$/, () => ({ json: { items: [...saved.values()] } })],
    ["POST", /^\/saved-filters$/, ({ json }) => ({ status: 201, json: save(named(json.name), json.query ?? {}) })],
    [
      "PATCH",
      /^\/saved-filters\/([^/]+)$/,
      ({ id, json }) => {
        const filter = known(saved, id, "saved filter");
        if (json.name !== undefined) named(json.name, id);
        return { json: Object.assign(filter, json) };
      },
    ],
    [
      "DELETE",
      /^\/saved-filters\/([^/]+)$/,
      ({ id }) => {
        known(saved, id, "saved filter");
        saved.delete(id);
        return { status: 204 };
      },
    ],
  ];
}
