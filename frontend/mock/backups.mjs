// Backups of every kind: read back, not yet, found not whole, from before an upgrade, and one that is made while one looks.
import { ago, system } from "./data.mjs";
import { inForce } from "./settings.mjs";
import { tell } from "./simulate.mjs";

const MIB = 1024 * 1024;
const HOUR = 3_600_000;
const STEP_MS = 400;

const stamp = (at) => at.replace(/[-:]/g, "").replace(/\.\d+/, "");
const named = (at, cause) => `pytask-${stamp(at)}${cause === "schedule" ? "-scheduled" : ""}.tar.zst`;
const account = (rest = {}) => ({
  entries: 1_284,
  bytes: 412 * MIB,
  left_out: 0,
  changing: 0,
  damaged: 0,
  examples: [],
  ...rest,
});

const backup = (hours, cause, size, rest = {}) => {
  const made_at = ago(hours * HOUR);
  return {
    name: named(made_at, cause),
    kind: "backup",
    size_bytes: Math.round(size * MIB),
    made_at,
    cause,
    version: system.version,
    logs: false,
    artifacts: false,
    checked_at: made_at,
    problem: null,
    account: account(),
    ...rest,
  };
};

const items = [
  backup(4, "schedule", 38.2, {
    account: account({
      left_out: 2,
      changing: 1,
      examples: ["scripts/nightly-report-3f9a1c/files/data/latest", "scripts/page-watcher-77ab01/files/state.db"],
    }),
  }),
  backup(28, "schedule", 37.9),
  backup(50, "manual", 1_912, { logs: true, artifacts: true }),
  backup(52, "schedule", 37.7, { checked_at: null, account: null }),
  backup(76, "schedule", 12.1, {
    account: null,
    problem: "the backup is damaged: it is not what its seal says",
  }),
  {
    ...backup(24 * 9, "manual", 22.4, { account: null, checked_at: null, version: null, cause: null }),
    name: "before-schema-11.sqlite",
    kind: "schema_copy",
  },
];

let job = null;
let last = { name: items[0].name, cause: "schedule", at: items[0].made_at, problem: null };

function nextAt() {
  if (!inForce().backup.enabled) return null;
  const next = new Date();
  next.setUTCHours(27, 30, 0, 0);
  return next.toISOString();
}

function go(made) {
  const phases = made.kind === "make" ? ["database", "writing", "verifying"] : ["verifying"];
  const total = made.kind === "make" ? 412 * MIB : made.size;
  let at = 0;
  const timer = setInterval(() => {
    if (!job) return clearInterval(timer);
    at += 1;
    const phase = phases[Math.min(phases.length - 1, Math.floor(at / 8))];
    job.phase = phase;
    job.total_bytes = phase === "database" ? 0 : total;
    job.done_bytes = phase === "database" ? 0 : Math.round((total * (at % 8)) / 8);
    if (at >= phases.length * 8) {
      clearInterval(timer);
      job = null;
      made.done();
    }
    tell({ type: "backups" });
  }, STEP_MS);
}

export const backupRoutes = ({ refuse }) => {
  const found = (name) =>
    items.find((each) => each.name === name) ?? refuse(404, "not_found", "There is no such backup");
  const begin = (kind, name, cause) => {
    if (job) refuse(409, "backup_busy", "A backup is being made or checked; wait until that is done, or cancel it");
    job = {
      kind,
      name,
      cause,
      started_at: new Date().toISOString(),
      phase: kind === "make" ? "database" : "verifying",
      done_bytes: 0,
      total_bytes: 0,
    };
    tell({ type: "backups" });
    return { status: 202, json: job };
  };
  return [
    [
      "GET",
      /^\/backups$/,
      () => ({
        json: {
          items,
          folder: `${system.data_dir}/backups`,
          job,
          last,
          next_at: nextAt(),
          restored: null,
          needs_key: true,
        },
      }),
    ],
    [
      "POST",
      /^\/backups$/,
      ({ json }) => {
        const made = backup(0, "manual", json.logs ? 1_950 : 38.4, json);
        const answer = begin("make", made.name, "manual");
        go({
          kind: "make",
          done: () => {
            items.unshift({ ...made, checked_at: new Date().toISOString() });
            last = { name: made.name, cause: "manual", at: new Date().toISOString(), problem: null };
          },
        });
        return answer;
      },
    ],
    [
      "POST",
      /^\/backups\/cancel$/,
      () => {
        if (!job) refuse(404, "not_found", "There is no such backup under way");
        last = { name: job.name, cause: job.cause, at: new Date().toISOString(), problem: "it was cancelled" };
        job = null;
        tell({ type: "backups" });
        return { status: 204 };
      },
    ],
    [
      "POST",
      /^\/backups\/([^/]+)\/verify$/,
      ({ id }) => {
        const each = found(id);
        const answer = begin("verify", each.name, each.cause);
        go({
          kind: "verify",
          size: each.size_bytes,
          done: () => {
            each.checked_at = new Date().toISOString();
            each.account = each.problem ? null : account();
          },
        });
        return answer;
      },
    ],
    [
      "DELETE",
      /^\/backups\/([^/]+)$/,
      ({ id }) => {
        items.splice(items.indexOf(found(id)), 1);
        tell({ type: "backups" });
        return { status: 204 };
      },
    ],
  ];
};
