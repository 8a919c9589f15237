// The examination: checks that came out every way, and a fresh one that takes its time.
import { system } from "./data.mjs";
import { tell } from "./simulate.mjs";

const STEPS = [
  "the engine, in a test container",
  "the package index, from a container like a build's",
  "the disk",
  "the database",
  "everything else",
];
const STEP_MS = Number(process.env.MOCK_STEP_MS ?? 500);

const check = (id, title, state, what, more = {}) => ({ id, title, state, what, mend: null, details: [], ...more });
const mend = (what, command = null) => ({ mend: { what, command } });

const CHECKS = [
  check("socket", "Way to the engine", "ok", "unix:///var/run/docker.sock is there, and may be used."),
  check("engine", "Engine", "ok", "Docker Engine - Community 29.3.1, API 1.54.", {
    details: ["On Debian GNU/Linux 13 (trixie), kernel 6.12.57"],
  }),
  check("runner_image", "Image of runs", "ok", "pytask-runner:3.13 is here."),
  check(
    "mounts",
    "Folders of runs",
    "ok",
    "A test container saw its own folder of the data volume, and nothing beside it.",
  ),
  check("cgroups", "Control groups", "ok", "Version 2, by the driver systemd."),
  check("limits", "Limits of runs", "problem", "Not in force, so runs are refused: tmp.", {
    details: ["tmp: a test container was found to have no such limit"],
    ...mend("Look how the engine is configured; its own defaults may go before what it is asked for."),
  }),
  check("network", "Network of runs", "ok", "pytask-f3a9-runs lets runs out, and not to each other."),
  check(
    "tools_image",
    "Image of the editor's tools",
    "warning",
    "pytask-tools:1 is not here: the editor knows less without it, everything else works.",
    mend("Build it where PyTask-Manager's sources are.", "docker compose build tools-image"),
  ),
  check("index", "Package index", "ok", "https://pypi.org/simple answers a container like a build's."),
  check("clock", "Clock", "ok", "It agrees with the engine's and the package index's."),
  check(
    "zone",
    "Time zone",
    "ok",
    "New schedules are offered the zone of whoever makes them; zones come with the program, whatever the machine has.",
  ),
  check("disk", "Data disk", "ok", "112 GiB of 234 GiB are free.", { details: ["Room for 15193210 more files"] }),
  check("database", "Database", "ok", "It is whole.", { details: ["SQLite 3.50.4, journal mode wal, schema 12"] }),
  check("secrets_key", "Key of secrets", "ok", "It is there.", {
    details: ["It lies in the data folder: who has a copy of the folder can open the secrets in it"],
  }),
  check(
    "reach",
    "Who can reach it",
    "unknown",
    "It listens on all addresses of its container; where those are published cannot be seen from here.",
  ),
];

const view = {
  ran_at: new Date(Date.now() - 7_200_000).toISOString(),
  took_ms: 4_210,
  checks: CHECKS,
  running: null,
};

const summarise = () => {
  system.doctor = {
    ran_at: view.ran_at,
    problems: view.checks.filter(({ state }) => state === "problem").map(({ title, what }) => `${title}: ${what}`),
    warnings: view.checks.filter(({ state }) => state === "warning").length,
  };
};
summarise();

async function examine() {
  for (const [done, now] of STEPS.entries()) {
    view.running = { began_at: view.running?.began_at ?? new Date().toISOString(), done, of: STEPS.length, now };
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
  Object.assign(view, { ran_at: new Date().toISOString(), running: null });
  summarise();
  tell({ type: "system", system });
}

export const doctorRoutes = () => [
  ["GET", /^\/doctor$/, () => ({ json: view })],
  [
    "POST",
    /^\/doctor$/,
    () => {
      if (!view.running) void examine();
      return { status: 202, json: view };
    },
  ],
];
