// Schedules of every kind that the interface must show, and what the scheduler says about them.
import { BadExpression, clockChanges, describeCron, fires, isZone, parse } from "./cron.mjs";
import { ago, newId, newScript, runs, scripts } from "./data.mjs";
import { inForce } from "./settings.mjs";
import { start } from "./simulate.mjs";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** More fires a day than this are shown as one band. */
const FREQUENT = 24;

const schedules = new Map();
const DEFAULTS = {
  name: "",
  args: [],
  env: {},
  overlap: null,
  missed: "latest",
  start_deadline_seconds: 3600,
  jitter_seconds: 0,
  enabled: true,
};
const RETRY = { attempts: 1, delay_seconds: 60, backoff: "doubling", longest_delay_seconds: 3600, after_lost: "fail" };

function add(script, terms, extra = {}) {
  const now = new Date().toISOString();
  const schedule = {
    id: newId(),
    script_id: script.id,
    version: 1,
    ...DEFAULTS,
    ...terms,
    retry: { ...RETRY, ...terms.retry },
    last: null,
    remark: null,
    created_at: now,
    updated_at: now,
    ...extra,
  };
  schedules.set(schedule.id, schedule);
  return schedule;
}

export function seedSchedules() {
  const named = (name) => [...scripts.values()].find((script) => script.name === name);
  const cron = (expression, zone = "Europe/Berlin") => ({ kind: "cron", expression, zone });
  const lastOf = (script) => {
    const run = [...runs.values()].findLast((each) => each.script_id === script.id && each.state === "finished");
    return run
      ? {
          run_id: run.id,
          slot: run.queued_at,
          state: run.state,
          outcome_kind: run.outcome.kind,
          started_at: run.started_at,
          finished_at: run.finished_at,
        }
      : null;
  };
  const report = named("nightly-report");
  const scrape = named("price-watch");
  const backup = named("backup-photos");
  const train = named("train-model");
  const check = named("certificate-check");
  add(
    report,
    { name: "Nightly", when: cron("30 2 * * 1-5"), args: ["--day", "yesterday"], retry: { attempts: 3 } },
    { id: "s1", last: lastOf(report) },
  );
  add(report, { when: cron("0 9 1 * *", "America/New_York"), missed: "none" }, { last: null });
  add(
    scrape,
    { when: cron("*/10 * * * *", "UTC"), overlap: "skip", jitter_seconds: 20 },
    {
      last: lastOf(scrape),
      remark: "Every 10 minutes, effectively every 30: runs take longer than the interval",
    },
  );
  add(
    backup,
    { name: "Photos to the NAS", when: cron("0 */6 * * *") },
    { last: lastOf(backup), remark: "Starts 4 min late" },
  );
  add(
    train,
    { name: "Weekly training", when: cron("0 4 * * 0", "Asia/Kathmandu"), enabled: false },
    { last: lastOf(train) },
  );
  add(check, { when: cron("15 7 * * *") });
  add(check, { name: "After the renewal", when: { kind: "once", at: new Date(Date.now() + 26 * HOUR).toISOString() } });
  add(check, { name: "Try it out", when: { kind: "once", at: ago(3 * DAY) } }, { last: lastOf(report) });
  const paused = newScript("legacy-sync", "Kept until the move is over", [], { paused: true });
  add(paused, { when: cron("*/15 8-18 * * 1-5") });
}

const scriptName = (id) => scripts.get(id)?.name ?? "";
const isDone = (each) => each.when.kind === "once" && Date.parse(each.when.at) <= Date.now();
const isLive = (each) => each.enabled && !isDone(each) && !scripts.get(each.script_id)?.paused;

function firesOf(each, after, before, most) {
  if (each.when.kind === "cron") return fires(each.when.expression, each.when.zone, after, before, most);
  const at = Date.parse(each.when.at);
  return at > after && at < before ? [{ at: each.when.at, mark: "usual" }] : [];
}

function view(each) {
  const next = isLive(each) && !inForce().schedules_paused ? firesOf(each, Date.now(), Date.now() + 3000 * DAY, 3) : [];
  return {
    ...each,
    script_name: scriptName(each.script_id),
    description: each.when.kind === "cron" ? describeCron(each.when.expression) : "Once",
    script_paused: scripts.get(each.script_id)?.paused ?? false,
    done: isDone(each),
    next,
  };
}

/** What the list of scripts says of them. */
export function schedulesOf(script) {
  const own = [...schedules.values()].filter((each) => each.script_id === script.id).map(view);
  const next = own
    .flatMap((each) => each.next.slice(0, 1).map(({ at }) => ({ at, schedule_id: each.id })))
    .sort((a, b) => a.at.localeCompare(b.at))[0];
  return { schedules: own.length, next_fire: next ?? null };
}

/** As an export has them. */
export const termsOf = (script) =>
  [...schedules.values()]
    .filter((each) => each.script_id === script.id)
    .map(({ name, when, args, env, enabled }) => ({ name, when, args, env, enabled }));

/** Those of an archive, and what became of each. */
export function bring(script, brought, wanted) {
  return brought.map((terms) => {
    const { name = "", when = null } = terms;
    const left = (reason) => ({ name, when, state: "left_out", reason });
    if (wanted === "none") return left("schedules were not wanted");
    try {
      if (when?.kind === "cron") parse(when.expression);
    } catch (error) {
      return left(error.message);
    }
    const enabled = wanted === "as_they_were" && terms.enabled;
    add(script, { ...terms, enabled });
    return { name, when, state: enabled ? "on" : "paused", reason: null };
  });
}

function calendar(from, to, script) {
  const now = Date.now();
  const items = [];
  const hours = new Map();
  const count = (at, key, n = 1) => {
    const hour = Math.floor(Date.parse(at) / HOUR) * HOUR;
    const known = hours.get(hour) ?? { past: 0, upcoming: 0 };
    known[key] += n;
    hours.set(hour, known);
  };
  for (const run of runs.values()) {
    const at = run.trigger.slot ?? run.started_at ?? run.queued_at;
    if (run.kind !== "script" || Date.parse(at) < from || Date.parse(at) >= to) continue;
    if (script && run.script_id !== script) continue;
    count(at, "past");
    items.push({
      kind: "run",
      schedule_id: run.trigger.schedule_id ?? null,
      run_id: run.id,
      script_id: run.script_id,
      script_name: run.script_name,
      at,
      started_at: run.started_at,
      finished_at: run.finished_at,
      state: run.state,
      outcome_kind: run.outcome?.kind ?? null,
      reason: run.outcome?.kind === "skipped" ? run.outcome.message : null,
      trigger: run.trigger.kind,
    });
  }
  for (const each of schedules.values()) {
    if (!isLive(each) || (script && each.script_id !== script)) continue;
    const about = {
      schedule_id: each.id,
      script_id: each.script_id,
      script_name: scriptName(each.script_id),
      name: each.name,
    };
    for (let day = Math.floor(from / DAY) * DAY; day < to; day += DAY) {
      const whole = firesOf(each, day - 1, day + DAY, 2000);
      const all = whole.filter(({ at }) => Date.parse(at) >= from && Date.parse(at) < to);
      if (all.length > 0 && whole.length > FREQUENT) {
        const isPast = day + DAY < now;
        for (const fire of all) count(fire.at, Date.parse(fire.at) < now ? "past" : "upcoming");
        items.push({
          kind: "band",
          ...about,
          from: all[0].at,
          to: all.at(-1).at,
          count: all.length,
          description: describeCron(each.when.expression).toLowerCase(),
          past: isPast ? { succeeded: all.length - 5, failed: day % (3 * DAY) ? 0 : 3, skipped: 2, other: 0 } : null,
        });
      } else
        for (const fire of all.filter((one) => Date.parse(one.at) > now)) {
          count(fire.at, "upcoming");
          items.push({ kind: "upcoming", ...about, ...fire });
        }
    }
  }
  const zones = new Set(
    [...schedules.values()]
      .filter(isLive)
      .map((each) => each.when.zone)
      .filter(Boolean),
  );
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    items,
    by_hour: [...hours].sort(([a], [b]) => a - b).map(([at, n]) => ({ at: new Date(at).toISOString(), ...n })),
    changes: [...zones].flatMap((zone) => clockChanges(zone, from, to)),
    truncated: false,
  };
}

function simulation({ from, to, outage }) {
  const [begin, end] = [Date.parse(from), Date.parse(to)];
  const by_hour = Array.from({ length: Math.ceil((end - begin) / HOUR) }, () => 0);
  const out = outage && [Date.parse(outage.from), Date.parse(outage.to)];
  const listed = [...schedules.values()].filter(isLive).map((each) => {
    const all = firesOf(each, begin - 1, end, 5000);
    const missed = out ? all.filter(({ at }) => Date.parse(at) >= out[0] && Date.parse(at) < out[1]).length : 0;
    const madeUp = each.missed === "all" ? missed : each.missed === "latest" ? Math.min(1, missed) : 0;
    for (const { at } of all) by_hour[Math.floor((Date.parse(at) - begin) / HOUR)]++;
    const skipped = missed - madeUp;
    return {
      schedule_id: each.id,
      script_name: scriptName(each.script_id),
      name: each.name,
      fires: all.length,
      would_run: all.length - skipped,
      skipped: skipped
        ? [
            {
              reason: each.missed === "none" ? "Missed fires are skipped" : "A later missed fire stands for it",
              count: skipped,
            },
          ]
        : [],
      first: all[0]?.at ?? null,
      last: all.at(-1)?.at ?? null,
    };
  });
  return { schedules: listed, total: listed.reduce((sum, each) => sum + each.would_run, 0), by_hour };
}

const slug = (command) => {
  const words = command.match(/[\w-]+(?=\.\w+)|[\w-]{3,}/g) ?? ["job"];
  return (words.find((word) => !/^(usr|bin|opt|home|python3?|sh|env|cd)$/.test(word)) ?? "job").toLowerCase();
};

function crontabLine(text, index, zone) {
  const about = { line: index + 1, text };
  const trimmed = text.trim();
  if (!trimmed) return { ...about, kind: "blank" };
  if (trimmed.startsWith("#")) return { ...about, kind: "comment" };
  const variable = /^(\w+)\s*=\s*(.*)$/.exec(trimmed);
  if (variable)
    return {
      ...about,
      kind: "variable",
      message:
        variable[1] === "CRON_TZ" || variable[1] === "TZ"
          ? `The lines below are read in ${variable[2]}.`
          : `${variable[1]} is not taken over; set variables at the schedule.`,
    };
  if (trimmed.startsWith("@reboot"))
    return {
      ...about,
      kind: "unsupported",
      message: "@reboot is no time; run such a script by hand or through the API.",
    };
  const job = /^(@\w+|(?:\S+\s+){4}\S+)\s+(.+)$/.exec(trimmed);
  if (!job) return { ...about, kind: "unsupported", message: "This is neither a job nor a variable." };
  try {
    const command = job[2];
    const known = [...scripts.values()].find((script) => command.includes(script.name));
    return {
      ...about,
      kind: "job",
      expression: job[1],
      zone,
      command,
      description: describeCron(job[1]),
      suggested_name: slug(command),
      script_id: known?.id ?? null,
    };
  } catch (error) {
    return { ...about, kind: "unsupported", message: error.message };
  }
}

export const scheduleRoutes = ({ known, refuse, page }) => {
  const found = (id) => known(schedules, id, "schedule");
  const readable = (expression, zone) => {
    try {
      parse(expression);
    } catch (error) {
      if (!(error instanceof BadExpression)) throw error;
      const { part, begin, end } = error;
      refuse(422, "invalid_expression", error.message, { field: "expression", part, begin, end });
    }
    if (!isZone(zone)) refuse(422, "invalid_field", `There is no time zone “${zone}”.`, { field: "timezone" });
  };
  const check = (terms) => {
    if (terms.when?.kind === "cron") readable(terms.when.expression, terms.when.zone);
    if (terms.when?.kind === "once" && !(Date.parse(terms.when.at) > Date.now()))
      refuse(422, "invalid_field", "This moment has passed already.", { field: "when" });
    if (terms.name?.length > 100) refuse(422, "invalid_field", "A name has at most 100 characters.", { field: "name" });
  };
  const span = (url) => ["from", "to"].map((name) => Date.parse(url.searchParams.get(name)));
  return [
    [
      "GET",
      /^\/schedules$/,
      ({ url }) => {
        const q = (url.searchParams.get("q") ?? "").toLowerCase();
        const script = url.searchParams.get("script");
        const all = [...schedules.values()]
          .map(view)
          .filter((each) => !script || each.script_id === script)
          .filter((each) =>
            `${each.script_name} ${each.name} ${each.description} ${each.when.expression}`.toLowerCase().includes(q),
          );
        return { json: { ...page(all, url), paused: inForce().schedules_paused } };
      },
    ],
    [
      "GET",
      /^\/scripts\/([^/]+)\/schedules$/,
      ({ id }) => ({
        json: {
          items: [...schedules.values()].filter((each) => each.script_id === id).map(view),
          paused: inForce().schedules_paused,
        },
      }),
    ],
    [
      "POST",
      /^\/scripts\/([^/]+)\/schedules$/,
      ({ id, json }) => {
        check(json);
        return { status: 201, json: view(add(known(scripts, id, "script"), json)) };
      },
    ],
    ["POST", /^\/schedules\/simulate$/, ({ json }) => ({ json: simulation(json) })],
    ["GET", /^\/schedules\/([^/]+)$/, ({ id }) => ({ json: view(found(id)) })],
    [
      "PATCH",
      /^\/schedules\/([^/]+)$/,
      ({ id, json }) => {
        const each = found(id);
        check(json);
        Object.assign(each, json, { version: each.version + 1, updated_at: new Date().toISOString() });
        return { json: view(each) };
      },
    ],
    [
      "DELETE",
      /^\/schedules\/([^/]+)$/,
      ({ id }) => {
        schedules.delete(found(id).id);
        return { status: 204 };
      },
    ],
    [
      "POST",
      /^\/schedules\/([^/]+)\/run$/,
      ({ id }) => {
        const each = found(id);
        const run = start(known(scripts, each.script_id, "script"), each);
        return { status: 201, json: run };
      },
    ],
    [
      "POST",
      /^\/cron\/preview$/,
      ({ json }) => {
        readable(json.expression, json.timezone);
        const after = json.after ? Date.parse(json.after) : Date.now();
        const found = fires(json.expression, json.timezone, after, after + 3000 * DAY, json.count ?? 5);
        const unusual = found.filter((fire) => fire.mark !== "usual");
        return {
          json: {
            description: describeCron(json.expression),
            fires: found.map((fire) => fire.at),
            marks: found.map((fire) => fire.mark),
            notes: unusual
              .slice(0, 1)
              .map((fire) =>
                fire.mark === "moved"
                  ? `On ${fire.at.slice(0, 10)} the clocks skip this time; it fires at the next minute that there is.`
                  : `On ${fire.at.slice(0, 10)} this time comes twice; it fires once.`,
              ),
          },
        };
      },
    ],
    ["GET", /^\/zones$/, () => ({ json: { items: ["UTC", ...Intl.supportedValuesOf("timeZone")] } })],
    ["GET", /^\/calendar$/, ({ url }) => ({ json: calendar(...span(url), url.searchParams.get("script")) })],
    [
      "POST",
      /^\/crontab\/preview$/,
      ({ json }) => {
        let zone = json.zone;
        const lines = json.text.split("\n").map((text, index) => {
          zone = /^\s*(?:CRON_)?TZ\s*=\s*(\S+)/.exec(text)?.[1] ?? zone;
          return crontabLine(text, index, zone);
        });
        return { json: { lines } };
      },
    ],
    [
      "POST",
      /^\/crontab\/import$/,
      ({ json }) => {
        const taken = json.jobs.find((job) => [...scripts.values()].some((each) => each.name === job.new_script?.name));
        if (taken)
          refuse(409, "name_taken", `“${taken.new_script.name}” is the name of another script.`, {
            field: "name",
            line: taken.line,
          });
        const made = [];
        const added = json.jobs.map((job) => {
          const script = job.script_id
            ? known(scripts, job.script_id, "script")
            : newScript(job.new_script.name, `From a crontab: ${job.command}`);
          if (!job.script_id) made.push(script.id);
          return view(add(script, { when: { kind: "cron", expression: job.expression, zone: job.zone } }));
        });
        return { status: 201, json: { schedules: added, scripts: made } };
      },
    ],
  ];
};
