// Clean-up: groups of every kind, a job that takes a few seconds, and reports of earlier ones.
import { ago } from "./data.mjs";
import { inForce } from "./settings.mjs";
import { tell } from "./simulate.mjs";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const HOUR = 3_600_000;
const STEPS = 12;

const group = (kind, what, why, items, place = "data") => ({
  kind,
  what,
  why,
  place,
  safe: !["run_directories", "folders", "package_cache"].includes(kind),
  items,
});

const archives = ["numpy 2.1.0", "pandas 2.2.2", "pyarrow 17.0.0", "scipy 1.14.0", "polars 1.5.0"];
const groups = () => [
  group(
    "trash",
    "Scripts in the trash",
    "They have been in the trash for more than 30 days. Their files, revisions, environments, schedules and runs go with them, for good",
    [
      ["Old importer with 412 runs", 840 * MIB],
      ["test 2 with no runs", 60 * KIB],
    ],
  ),
  group(
    "runs",
    "Runs that need not be kept",
    "They are beyond what retention keeps, with their logs and artifacts",
    [],
  ),
  group(
    "run_directories",
    "Run directories without a run",
    "No run in the database has them; after an older copy of it was restored they may be all that is left of later runs",
    [["runs/2025/11/0193a6f2c1b07d3e8a4f5b6c7d8e9f00", 3.2 * MIB]],
  ),
  group(
    "folders",
    "Folders without a script",
    "No script in the database has them; after an older copy of it was restored they may be all that is left of later scripts",
    [],
  ),
  group(
    "environments",
    "Environments that no script needs",
    "They are neither in use nor the one before, to which a script could go back",
    [
      ["nightly-report, 5f0c2b9d1e7a", 212 * MIB],
      ["sync-orders, 91ab33c0ffee", 48 * MIB],
    ],
  ),
  group(
    "leftovers",
    "What was cut short",
    "It was being made or removed more than a day ago, and nobody is at it any more",
    [["staging/new-7-12", 1.1 * MIB]],
  ),
  group(
    "unused_packages",
    "Packages that no environment has",
    "They are in the package cache only; whoever wants one again fetches it from the index",
    archives.map((name, index) => [
      `cache/uv/archive-v0/${name.replace(/\W/g, "")}x7Qp`,
      Math.round((260 * MIB) / (index + 1)),
    ]),
  ),
  group(
    "package_cache",
    "The rest of the package cache",
    "Environments keep their files; the next installs fetch everything from the index again",
    [
      ["cache/uv/simple-v28", 31 * MIB],
      ["cache/uv/wheels-v8", 2.4 * MIB],
    ],
  ),
  group(
    "database_copies",
    "Old copies of the database",
    "They were made before its schema changed; the last three stay",
    [["backups/before-schema-7.sqlite", 92 * MIB]],
  ),
  group("supervisors", "Supervisors of earlier versions", "No container uses them any more", []),
  group(
    "images",
    "Images that nothing uses",
    "They were built here and were replaced when they were renewed, or are no longer on the list",
    [
      ["Nameless image 4c0f7d21e9aa", 310 * MIB],
      ["pytask-runner-mock:py312-geo-1f2e3d4c", 1.4 * GIB],
    ],
    "engine",
  ),
  group(
    "containers",
    "Containers without a run",
    "They carry this instance's mark, and no run needs them; they take no room to speak of",
    [],
    "engine",
  ),
];

let left = groups();
let running = null;
let reports = [
  {
    id: 2,
    trigger: "schedule",
    started_at: ago(40 * HOUR),
    finished_at: ago(40 * HOUR - 42_000),
    continued: 1,
    freed_bytes: 1.9 * GIB,
    groups: [
      { kind: "trash", items: 1, bytes: 22 * MIB, left: 0 },
      { kind: "unused_packages", items: 31, bytes: 1.7 * GIB, left: 0 },
      { kind: "images", items: 1, bytes: 180 * MIB, left: 1 },
    ],
    failures: [{ kind: "images", what: "Nameless image 09fd77c1a2b3", reason: "a container needs it" }],
  },
  {
    id: 1,
    trigger: "manual",
    started_at: ago(208 * HOUR),
    finished_at: ago(208 * HOUR - 900),
    continued: 0,
    freed_bytes: 0,
    groups: [],
    failures: [],
  },
];

const sum = (items) => Math.round(items.reduce((all, [, bytes]) => all + bytes, 0));

function preview(url) {
  const asked = url.searchParams.get("kinds");
  const kinds = new Set(asked === null ? inForce().cleanup.kinds : asked.split(",").filter(Boolean));
  if (kinds.has("package_cache")) kinds.add("unused_packages");
  const shown = left.map(({ items, ...rest }) => ({
    ...rest,
    chosen: kinds.has(rest.kind),
    items_count: items.length,
    bytes: sum(items),
    examples: items.slice(0, 8).map(([what, bytes]) => ({ what, bytes: Math.round(bytes) })),
  }));
  const chosen = shown.filter((each) => each.chosen);
  return {
    fingerprint: `${chosen.map((each) => each.kind).join()}:${chosen.reduce((all, each) => all + each.items_count, 0)}`,
    computed_at: new Date().toISOString(),
    total_bytes: chosen.reduce((all, each) => all + each.bytes, 0),
    groups: shown,
    left_alone: [
      { what: "Quarterly numbers", why: "It is in the trash, and 2 of its runs are marked to be kept" },
      { what: "notes.txt", why: "It was not made here" },
      {
        what: "geo:latest",
        why: "Somebody has built it on an image of this instance, or given it a name",
      },
    ],
    left_alone_count: 3,
  };
}

function begin({ json, refuse }) {
  if (running) refuse(409, "cleanup_running", "A clean-up is already under way; wait until it has ended");
  const kinds = new Set(
    String(json.fingerprint ?? "")
      .split(":")[0]
      .split(","),
  );
  const going = left.filter((each) => kinds.has(each.kind) && each.items.length > 0);
  const bytes = going.reduce((all, each) => all + sum(each.items), 0);
  const items = going.reduce((all, each) => all + each.items.length, 0);
  const started_at = new Date().toISOString();
  running = {
    id: reports.length + 1,
    trigger: "manual",
    started_at,
    continued: 0,
    items,
    items_done: 0,
    bytes,
    freed_bytes: 0,
    kind: going[0]?.kind ?? null,
  };
  let step = 0;
  const timer = setInterval(() => {
    step++;
    const share = step / STEPS;
    running = {
      ...running,
      items_done: Math.floor(items * share),
      freed_bytes: Math.floor(bytes * share),
      kind: going[Math.min(going.length - 1, Math.floor(going.length * share))]?.kind ?? null,
    };
    if (step === STEPS) {
      clearInterval(timer);
      const report = {
        id: running.id,
        trigger: "manual",
        started_at,
        finished_at: new Date().toISOString(),
        continued: 0,
        freed_bytes: bytes,
        groups: going.map((each) => ({ kind: each.kind, items: each.items.length, bytes: sum(each.items), left: 0 })),
        failures: [],
      };
      reports = [report, ...reports];
      left = left.map((each) => (going.includes(each) ? { ...each, items: [] } : each));
      running = null;
    }
    tell({ type: "cleanup" });
  }, 500);
  return { status: 202, json: running };
}

const ROOM = [
  ["environments", 6.4 * GIB],
  ["files", 3.1 * GIB],
  ["runs", 2.2 * GIB],
  ["package_cache", 0.9 * GIB],
  ["backups", 410 * MIB],
  ["database", 120 * MIB],
  ["rest", 71 * MIB],
  ["revisions", 18 * MIB],
];

export const cleanupRoutes = ({ refuse }) => [
  [
    "GET",
    /^\/cleanup$/,
    () => ({ json: { running, last_reports: reports, next_at: new Date(Date.now() + 30 * HOUR).toISOString() } }),
  ],
  ["GET", /^\/cleanup\/preview$/, ({ url }) => ({ json: preview(url) })],
  [
    "GET",
    /^\/cleanup\/room$/,
    () => ({ json: { items: ROOM.map(([kind, bytes]) => ({ kind, bytes: Math.round(bytes) })) } }),
  ],
  ["POST", /^\/cleanup$/, ({ json }) => begin({ json, refuse })],
];
