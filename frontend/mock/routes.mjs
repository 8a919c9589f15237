// The pretend controller's HTTP contract, one row per route.
import { accessRoutes } from "./access.mjs";
import { artifact, artifactsOf } from "./artifacts.mjs";
import { backupRoutes } from "./backups.mjs";
import { cleanupRoutes } from "./cleanup.mjs";
import { logs, runs, scripts, system } from "./data.mjs";
import { doctorRoutes } from "./doctor.mjs";
import { fileRoutes } from "./files.mjs";
import { historyRoutes } from "./history.mjs";
import { imageRoutes } from "./images.mjs";
import { logRoutes } from "./log-routes.mjs";
import { statsOf } from "./measure.mjs";
import { changesOf } from "./outcomes.mjs";
import { packageRoutes } from "./packages.mjs";
import { scheduleRoutes } from "./schedules.mjs";
import { listed, scriptRoutes } from "./scripts.mjs";
import { changeSettings, outOfBounds, settingsChanges, settingsView } from "./settings.mjs";
import { cancel, dashboard, start, tell, tellScript } from "./simulate.mjs";
import { triggerRoutes } from "./triggers.mjs";
import { variableRoutes } from "./variables.mjs";
import { webhookRoutes } from "./webhooks.mjs";

class Refusal extends Error {
  constructor(status, code, message, details) {
    super(message);
    Object.assign(this, { status, code, details });
  }
}
const known = (map, id, what) => map.get(id) ?? refuse(404, "not_found", `There is no ${what} with this id.`);
export const refuse = (...about) => {
  throw new Refusal(...about);
};
const page = (items, url) => {
  const from = Number(url.searchParams.get("cursor") ?? 0);
  const limit = Number(url.searchParams.get("limit") ?? 50);
  return {
    items: items.slice(from, from + limit),
    next_cursor: from + limit < items.length ? String(from + limit) : null,
  };
};
const scriptOf = (runId) => known(scripts, known(runs, runId, "run").script_id, "script");
const refuseLimit = (wrong, prefix = "") => {
  if (wrong) refuse(422, "invalid_field", wrong[1], { field: `${prefix}${wrong[0]}`, ...wrong[2] });
};

/** [method, pattern, handler({url, id, rest, body, json, headers})] → {json, status} or {bytes, headers} or {stream(response), headers} */
export const ROUTES = [
  ["GET", /^\/system$/, () => ({ json: system })],
  ["GET", /^\/settings$/, () => ({ json: settingsView() })],
  [
    "PATCH",
    /^\/settings$/,
    ({ json }) => {
      refuseLimit(changeSettings(json, system.engine));
      tell({ type: "system", system });
      return { json: settingsView() };
    },
  ],
  ["GET", /^\/settings\/changes$/, ({ url }) => ({ json: page(settingsChanges(), url) })],
  ...doctorRoutes(),
  ["GET", /^\/dashboard$/, () => ({ json: dashboard() })],
  ...scriptRoutes({ known, refuse, page }),
  [
    "PATCH",
    /^\/scripts\/([^/]+)$/,
    ({ id, json }) => {
      const script = known(scripts, id, "script");
      const taken = [...scripts.values()].some((each) => each !== script && !each.trashed && each.name === json.name);
      if (json.name === "") refuse(422, "invalid_field", "A script needs a name.", { field: "name" });
      if (taken) refuse(409, "name_taken", `“${json.name}” is the name of another script.`, { field: "name" });
      const limits = json.limits ?? script.limits;
      refuseLimit(outOfBounds(limits, system.engine), "limits.");
      Object.assign(script, json, { limits });
      tellScript(script);
      return { json: listed(script) };
    },
  ],
  ...fileRoutes({ known, refuse, page, scripts, tell, tellScript }),
  ...packageRoutes({ known, refuse }),
  ...backupRoutes({ refuse }),
  ...imageRoutes({ refuse }),
  ...cleanupRoutes({ refuse }),
  ...variableRoutes({ known, refuse, scripts }),
  ...logRoutes({ known, refuse }),
  ...accessRoutes({ known, refuse }),
  ...scheduleRoutes({ known, refuse, page }),
  ...triggerRoutes({ known, refuse }),
  ...webhookRoutes({ known, refuse, page }),
  [
    "POST",
    /^\/scripts\/([^/]+)\/runs$/,
    ({ id, json }) => ({ status: 201, json: start(known(scripts, id, "script"), json) }),
  ],
  ...historyRoutes({ known, refuse, page }),
  ["GET", /^\/runs\/([^/]+)$/, ({ id }) => ({ json: known(runs, id, "run") })],
  [
    "GET",
    /^\/runs\/([^/]+)\/changes$/,
    ({ id, url }) => {
      const run = known(runs, id, "run");
      const other = url.searchParams.get("with");
      if (other) {
        const before = known(runs, other, "run");
        if (before.script_id !== run.script_id)
          refuse(
            400,
            "invalid_query",
            `Run ${before.number} is of another script: only runs of one script are compared.`,
          );
        return { json: changesOf(run, before) };
      }
      const success = [...runs.values()].findLast(
        (each) => each.script_id === run.script_id && each.number < run.number && each.outcome?.kind === "succeeded",
      );
      return { json: changesOf(run, success) };
    },
  ],
  ["GET", /^\/runs\/([^/]+)\/stats$/, ({ id }) => ({ json: statsOf(known(runs, id, "run")) })],
  ["GET", /^\/runs\/([^/]+)\/artifacts$/, ({ id }) => ({ json: artifactsOf(scriptOf(id)) })],
  [
    "GET",
    /^\/runs\/([^/]+)\/artifacts\/(.+)$/,
    ({ id, rest, url }) =>
      artifact(scriptOf(id), rest, url.searchParams.get("view") === "true") ??
      refuse(404, "not_found", `There is no artifact ${rest}.`),
  ],
  [
    "POST",
    /^\/runs\/([^/]+)\/cancel$/,
    ({ id }) => {
      const run = known(runs, id, "run");
      cancel(run);
      return { json: run };
    },
  ],
  [
    "GET",
    /^\/runs\/([^/]+)\/log$/,
    ({ url, id }) => {
      known(runs, id, "run");
      const stream = url.searchParams.get("stream");
      const records = logs
        .get(id)
        .filter((each) => !stream || each.stream === stream)
        .slice(-Number(url.searchParams.get("tail") ?? 1e9));
      const ndjson = url.searchParams.get("format") === "ndjson";
      return {
        bytes: records.map((each) => (ndjson ? `${JSON.stringify(each)}\n` : each.text)).join(""),
        headers: { "content-type": ndjson ? "application/x-ndjson" : "text/plain; charset=utf-8" },
      };
    },
  ],
  // Only here: takes the engine away and gives it back, fills the disk and empties it.
  [
    "POST",
    /^\/mock\/engine\/(ready|away|unfit|connecting)$/,
    ({ id }) => {
      const messages = {
        away: "Cannot connect to unix:///var/run/docker.sock",
        unfit: "It is version 19.03, and 24 or newer is needed",
      };
      system.engine = { ...system.engine, state: id, message: messages[id] ?? null };
      tell({ type: "system", system });
      return { json: system };
    },
  ],
  [
    "POST",
    /^\/mock\/disk\/(low|fine)$/,
    ({ id }) => {
      const low = id === "low";
      system.disk = { ...system.disk, low, free_bytes: (low ? 380 : 187_400) * 1024 * 1024 };
      tell({ type: "system", system });
      return { json: system };
    },
  ],
];
