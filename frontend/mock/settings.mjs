// Settings: what is built in, what was set over it, and the refusals that the form must show at their fields.
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

export const builtIn = {
  default_limits: {
    memory_bytes: 512 * MIB,
    cpus: 1,
    pids: 128,
    nofile: 1024,
    fsize_bytes: GIB,
    run_seconds: 3600,
    stop_grace_seconds: 10,
    log_bytes: 256 * MIB,
    tmp_bytes: 256 * MIB,
    disk_bytes: 10 * GIB,
    artifacts_bytes: GIB,
    network: "bridge",
  },
  max_runs: 4,
  min_free_bytes: 512 * MIB,
  packages: {
    default_requirements: [],
    cool_down_days: 7,
    allow: [],
    deny: [],
    extra_index_urls: [],
    max_environment_bytes: 5 * GIB,
    max_build_seconds: 600,
  },
  schedules_paused: false,
  retention: { max_age_days: 90, max_runs: 1000, max_bytes: null },
  max_revisions: 500,
  default_timezone: null,
  backup: { enabled: true, expression: "30 3 * * *", timezone: "UTC", keep: 7, logs: false, artifacts: false },
  cleanup: {
    enabled: true,
    expression: "30 3 * * 0",
    timezone: "UTC",
    kinds: [
      "trash",
      "runs",
      "environments",
      "leftovers",
      "unused_packages",
      "database_copies",
      "supervisors",
      "images",
      "containers",
    ],
    trash_days: 30,
  },
  notifications: {
    private_targets: [],
    max_attempts: 30,
    timeout_seconds: 10,
    keep_days: 30,
    late_seconds: 60,
    public_url: null,
  },
};

const set = {
  default_limits: { pids: 256 },
  max_runs: null,
  min_free_bytes: null,
  schedules_paused: null,
  max_revisions: null,
  default_timezone: null,
  cleanup: { enabled: null, expression: null, timezone: null, kinds: null, trash_days: null },
  retention: { max_age_days: null, max_runs: null, max_bytes: null },
  backup: { enabled: null, expression: null, timezone: null, keep: null, logs: null, artifacts: null },
  notifications: {
    private_targets: ["192.168.1.20"],
    max_attempts: null,
    timeout_seconds: null,
    keep_days: null,
    late_seconds: null,
    public_url: null,
  },
  packages: {
    default_requirements: ["certifi"],
    cool_down_days: null,
    allow: [],
    deny: ["evil"],
    extra_index_urls: [],
    max_environment_bytes: null,
    max_build_seconds: null,
  },
};

/** Who signs in, by address; the mock keeps no passwords. */
const logins = new Map();

const indexes = () =>
  set.packages.extra_index_urls.map((address) => ({
    address,
    role: "extra",
    credentials: logins.has(address) ? { username: logins.get(address), has_password: true, set_by: "settings" } : null,
  }));

const given = (patch) => Object.fromEntries(Object.entries(patch).filter(([, value]) => value != null));

export const inForce = () => ({
  default_limits: { ...builtIn.default_limits, ...given(set.default_limits) },
  max_runs: set.max_runs ?? builtIn.max_runs,
  min_free_bytes: set.min_free_bytes ?? builtIn.min_free_bytes,
  default_timezone: set.default_timezone,
  max_revisions: (set.max_revisions ?? builtIn.max_revisions) || null,
  schedules_paused: set.schedules_paused ?? builtIn.schedules_paused,
  packages: { ...builtIn.packages, ...given(set.packages) },
  retention: { ...builtIn.retention, ...given(set.retention) },
  backup: { ...builtIn.backup, ...given(set.backup) },
  cleanup: { ...builtIn.cleanup, ...given(set.cleanup) },
  notifications: { ...builtIn.notifications, ...given(set.notifications) },
});

/** What was changed, the newest first. */
const ago = (hours) => new Date(Date.now() - hours * 3_600_000).toISOString();
const journal = [
  { at: ago(3), field: "packages.deny", from: [], to: ["evil"] },
  { at: ago(75), field: "max_runs", from: 8, to: null },
  { at: ago(76), field: "max_runs", from: null, to: 8 },
  { at: ago(200), field: "default_limits.pids", from: null, to: 256 },
  { at: ago(600), field: "packages.default_requirements", from: [], to: ["certifi"] },
];
export const settingsChanges = () => journal;

/** Leaves by their paths, as the product tells of them. */
const leaves = (value, path = "") =>
  value !== null && typeof value === "object" && !Array.isArray(value)
    ? Object.entries(value).flatMap(([name, each]) => leaves(each, path ? `${path}.${name}` : name))
    : [[path, value]];

function keepJournal(before) {
  const was = new Map(leaves(before));
  const becomes = new Map(leaves(set));
  for (const field of new Set([...was.keys(), ...becomes.keys()])) {
    const [from, to] = [was.get(field) ?? null, becomes.get(field) ?? null];
    if (JSON.stringify(from) !== JSON.stringify(to)) journal.unshift({ at: ago(0), field, from, to });
  }
}

export const settingsView = () => ({
  in_force: inForce(),
  defaults: builtIn,
  set,
  indexes: indexes(),
  extra_ca: false,
  changes: [...new Map([...journal].reverse().map((change) => [change.field, change])).values()],
});

const BOUNDS = {
  memory_bytes: [16 * MIB, 1024 * GIB],
  pids: [4, 32_768],
  nofile: [16, 1_048_576],
  log_bytes: [64 * 1024, 64 * GIB],
  disk_bytes: [MIB, 64 * 1024 * GIB],
};

/** The first limit that cannot be had, as [field, message]. */
export function outOfBounds(limits, engine) {
  for (const [name, value] of Object.entries(given(limits))) {
    const [least, most] = BOUNDS[name] ?? [0, Number.POSITIVE_INFINITY];
    if (value < least || value > most) return [name, `${name} must be from ${least} to ${most}, not ${value}`];
    const there = name === "cpus" ? engine.cpus : name === "memory_bytes" ? engine.memory_bytes : null;
    if (there !== null && value > there)
      return [name, `${name} must be at most ${there}: the engine's machine has no more`];
    const broken = engine.unenforced.find((each) => each.limit === name.replace(/_bytes$/, ""));
    if (broken) return [name, `${name} cannot be enforced on this engine: ${broken.reason}`];
  }
  return null;
}

/** What the product refuses of packages, as [field, message, more details]. */
function wrongPackages(patch) {
  const { default_requirements = [], cool_down_days, deny = [], allow = [], extra_index_urls = [] } = given(patch);
  if (cool_down_days > 3650)
    return ["packages.cool_down_days", `cool_down_days must be from 0 to 3650, not ${cool_down_days}`];
  for (const [field, names] of Object.entries({ allow, deny })) {
    const wrong = names.find((name) => !/^[A-Za-z0-9][\w.-]*$/.test(name));
    if (wrong) return [`packages.${field}`, `“${wrong}” is not the name of a package`];
  }
  const url = extra_index_urls.find((each) => !/^https:\/\//.test(each));
  if (url) return ["packages.extra_index_urls", `“${url}” must begin with https://`];
  const line = default_requirements.findIndex((each) => deny.includes(/^[\w.-]+/.exec(each)?.[0]));
  if (line >= 0)
    return [
      "packages.default_requirements",
      `Line ${line + 1}: ${default_requirements[line]} is on the list of denied packages`,
      { line },
    ];
  return null;
}

/** Answers what is wrong, or null and has changed. */
export function changeSettings(patch, engine) {
  const before = structuredClone(set);
  const refused = change(patch, engine);
  if (!refused) keepJournal(before);
  return refused;
}

function change(patch, engine) {
  const wrong = patch.default_limits ? outOfBounds(patch.default_limits, engine) : null;
  if (wrong) return wrong;
  if (patch.max_runs != null && (patch.max_runs < 1 || patch.max_runs > 1000))
    return ["max_runs", `max_runs must be from 1 to 1000, not ${patch.max_runs}`];
  if (patch.min_free_bytes != null && patch.min_free_bytes < 16 * MIB)
    return ["min_free_bytes", `min_free_bytes must be from ${16 * MIB} to ${1024 * GIB}, not ${patch.min_free_bytes}`];
  if (patch.max_revisions != null && patch.max_revisions > 100_000)
    return ["max_revisions", `max_revisions must be from 0 to 100000, not ${patch.max_revisions}`];
  if (patch.default_timezone && !Intl.supportedValuesOf("timeZone").concat("UTC").includes(patch.default_timezone))
    return ["default_timezone", `"${patch.default_timezone}" is no time zone. They are named like Europe/Berlin`];
  const refused = patch.packages ? wrongPackages(patch.packages) : null;
  if (refused) return refused;
  for (const [address, wish] of Object.entries(patch.index_credentials ?? {}))
    if (wish && !logins.has(address) && !(wish.username && wish.password))
      return ["index_credentials", `${address} needs both, a user name and a password`, { address }];
  if (patch.retention?.max_age_days > 36_500)
    return ["retention.max_age_days", `max_age_days must be from 0 to 36500, not ${patch.retention.max_age_days}`];
  if (patch.backup?.keep > 1000 || patch.backup?.keep === 0)
    return ["backup.keep", `backup.keep must be from 1 to 1000, not ${patch.backup.keep}`];
  if (patch.backup?.expression && !/^(\S+\s+){4}\S+$/.test(patch.backup.expression))
    return ["expression", "An expression has five fields, such as 30 3 * * *"];
  if (patch.backup) Object.assign(set.backup, patch.backup);
  if (patch.cleanup?.trash_days > 36_500)
    return ["cleanup.trash_days", `cleanup.trash_days must be from 0 to 36500, not ${patch.cleanup.trash_days}`];
  if (patch.notifications?.max_attempts > 100)
    return [
      "notifications.max_attempts",
      `max_attempts must be from 1 to 100, not ${patch.notifications.max_attempts}`,
    ];
  const target = patch.notifications?.private_targets?.find((each) => !/^[\w.:-]+(\/\d+)?$/.test(each));
  if (target)
    return ["notifications.private_targets", `“${target}” is not a host, an address or a network such as 10.0.0.0/8`];
  if (patch.notifications) Object.assign(set.notifications, patch.notifications);
  if (patch.retention) Object.assign(set.retention, patch.retention);
  if (patch.cleanup) Object.assign(set.cleanup, patch.cleanup);
  if (patch.packages) Object.assign(set.packages, patch.packages);
  for (const [address, wish] of Object.entries(patch.index_credentials ?? {}))
    if (wish) logins.set(address, wish.username ?? logins.get(address));
    else logins.delete(address);
  for (const address of logins.keys()) if (!set.packages.extra_index_urls.includes(address)) logins.delete(address);
  if (patch.default_limits) set.default_limits = given(patch.default_limits);
  for (const name of ["max_runs", "min_free_bytes", "schedules_paused", "max_revisions", "default_timezone"])
    if (name in patch) set[name] = patch[name];
  return null;
}
