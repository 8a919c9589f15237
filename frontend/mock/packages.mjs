// Packages as the product answers them: the list with its refusals, builds of every action, going back, the block of
// the entry file. Versions are invented; `finishBuild` is what a build leaves.
import { scripts } from "./data.mjs";
import { inForce } from "./settings.mjs";
import { start, tellScript } from "./simulate.mjs";

const nameOf = (line) => /^[\w.-]+/.exec(line)?.[0] ?? line;
const named = (lines, name) => lines.find((line) => nameOf(line).toLowerCase() === name.toLowerCase());
const NONE = { added: [], removed: [], changed: [] };

const defaultsFor = (script) =>
  script.requirements.length === 0 && script.environment.state === "not_needed"
    ? []
    : inForce().packages.default_requirements.filter((line) => !named(script.requirements, nameOf(line)));

export function dependencies(script) {
  const defaults = defaultsFor(script);
  return {
    requirements: script.requirements,
    default_requirements: defaults,
    build_from_source: script.build_from_source,
    environment: script.environment,
    environments: script.environments,
    check: script.check,
    inline: script.inline,
    warnings: suspected([...script.requirements, ...defaults]),
    lock: null,
    packages: script.packages.map((each) => {
      const isDefault = each.asked == null && named(defaults, each.name) !== undefined;
      return {
        newest: null,
        required_by: [],
        direct: each.asked != null || isDefault,
        ...each,
        default: isDefault,
        asked: isDefault ? named(defaults, each.name) : each.asked,
      };
    }),
  };
}

const MEANT = { reqeusts: "requests", pandsa: "pandas", nunpy: "numpy" };
const suspected = (lines) =>
  lines
    .map((line) => nameOf(line.trim()).toLowerCase())
    .filter((name) => MEANT[name])
    .map((name) => ({
      package: name,
      resembles: MEANT[name],
      message: `${name} is one character away from ${MEANT[name]}, one of the most downloaded packages. Check that it is the one you mean.`,
    }));

/** What importing a text would do: options stay out, the rest is new, replaces something, or is there. */
function preview(script, { text, requirements, others = "keep" }) {
  const list = requirements ?? script.requirements;
  const all = text
    .split("\n")
    .map((line, first) => ({ first, last: first, text: line.replace(/(^|\s)#.*/, "").trim() }));
  const lines = all
    .filter((line) => line.text)
    .map((line) => {
      const there = named(list, nameOf(line.text));
      if (line.text.startsWith("-"))
        return { ...line, fate: "not_taken", replaces: [], message: "Options of pip mean nothing here." };
      if (there === line.text) return { ...line, fate: "already_there", replaces: [] };
      return {
        ...line,
        fate: there ? "replaces" : "added",
        requirement: line.text,
        replaces: there ? [there] : [],
      };
    });
  const taken = lines.filter((line) => line.fate !== "not_taken").map((line) => line.text);
  const unnamed = list.filter((line) => line.trim() && !named(taken, nameOf(line)));
  const wanted = others === "remove" ? taken : [...unnamed, ...taken];
  return {
    lines,
    comments: text.split("\n").filter((line) => line.trim().startsWith("#")).length,
    requirements: wanted,
    removed: others === "remove" ? unnamed : [],
    warnings: suspected(wanted),
  };
}

export function finishBuild(script, run, before) {
  const { action, packages } = run.build;
  if (action === "check") {
    const changed = script.packages
      .filter((each) => each.newest && each.newest !== each.locked)
      .map(({ name, locked, newest }) => ({ name, from: locked, to: newest }));
    run.build.found = { changes: { ...NONE, changed }, newest: [] };
    script.check = {
      run_id: run.id,
      current: true,
      finished_at: new Date().toISOString(),
      changes: run.build.found.changes,
    };
    script.environment = before;
    return;
  }
  const moves = (each) => action === "update" && (packages.length === 0 || packages.includes(each.name));
  const kept = script.packages.filter((each) => each.asked == null && script.requirements.length > 0);
  script.packages = [
    ...script.requirements.map((line) => {
      const known = script.packages.find((each) => each.name === nameOf(line)) ?? { name: nameOf(line) };
      const version = moves(known) ? (known.newest ?? known.locked) : (known.locked ?? "2.33.1");
      return { ...known, asked: line, locked: version, installed: version };
    }),
    ...kept.map((each) => {
      const version = moves(each) ? (each.newest ?? each.locked) : each.locked;
      return { ...each, locked: version, installed: version };
    }),
  ];
  if (script.check) script.check.current = false;
  script.environment = {
    state: script.packages.length ? "in_step" : "not_needed",
    lock_hash: "c0ffee",
    build_run_id: null,
    packages: script.packages.length,
    message: null,
  };
}

function readList(lines, refuse) {
  const wrong = lines.findIndex(
    (line) => line.trim() && !/^(#.*|[A-Za-z0-9][\w.-]*(\[[\w,-]+\])?\s*([<>=!~].*)?)$/.test(line.trim()),
  );
  if (wrong >= 0)
    refuse(422, "invalid_requirement", `Line ${wrong + 1}, column 1: “${lines[wrong]}” is not a requirement.`, {
      field: "requirements",
      line: wrong,
      column: 0,
    });
  const denied = lines.findIndex((line) => inForce().packages.deny.includes(nameOf(line.trim()).toLowerCase()));
  if (denied >= 0) {
    const name = nameOf(lines[denied].trim());
    refuse(422, "package_refused", `Line ${denied + 1}: ${name} is denied by the settings, under packages.deny`, {
      field: "requirements",
      line: denied,
      package: name,
      rule: "denied",
    });
  }
  return lines.map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
}

export function packageRoutes({ known, refuse }) {
  const scriptOf = (id) => known(scripts, id, "script");
  const at = (part) => new RegExp(`^/scripts/([^/]+)/dependencies${part}$`);
  const answer = (script) => {
    tellScript(script);
    return { json: dependencies(script) };
  };
  const builds = (action) => [
    "POST",
    at(`/${action}`),
    ({ id, json }) => {
      const build = { action, packages: json.packages ?? [], exclude_newer: coolDown() };
      return { status: 202, json: { run: start(scriptOf(id), { build }, "build") } };
    },
  ];
  return [
    ["GET", at(""), ({ id }) => ({ json: dependencies(scriptOf(id)) })],
    [
      "PUT",
      at(""),
      ({ id, json }) => {
        const script = scriptOf(id);
        script.requirements = readList(json.requirements, refuse);
        if (json.build_from_source) script.build_from_source = json.build_from_source;
        script.packages = [
          ...script.requirements.map((line) => ({
            ...(script.packages.find((each) => each.name === nameOf(line)) ?? {
              name: nameOf(line),
              locked: null,
              installed: null,
            }),
            asked: line,
          })),
          ...script.packages
            .filter((each) => !named(script.requirements, each.name))
            .map((each) => ({ ...each, asked: null })),
        ];
        script.environment = {
          ...script.environment,
          state: script.requirements.length ? "needs_install" : "not_needed",
          message: null,
        };
        return answer(script);
      },
    ],
    ["POST", at("/preview"), ({ id, json }) => ({ json: preview(scriptOf(id), json) })],
    ...["install", "update", "check", "rebuild"].map(builds),
    [
      "POST",
      at("/rollback"),
      ({ id, json }) => {
        const script = scriptOf(id);
        const wanted = script.environments.find((each) => each.key === json.key) ?? refuse(404, "not_found", "None.");
        if (wanted.damage) refuse(409, "environment_broken", wanted.damage);
        const now = new Date().toISOString();
        script.environments = [wanted, ...script.environments.filter((each) => each !== wanted)].map((each) => ({
          ...each,
          live: each === wanted,
          live_at: each === wanted ? now : each.live_at,
        }));
        if (script.check) script.check.current = false;
        return answer(script);
      },
    ],
    [
      "POST",
      at("/resolve"),
      ({ id, json }) => {
        const script = scriptOf(id);
        const list = json.use === "file" ? script.inline.in_file : script.inline.in_list;
        script.requirements = [...list];
        script.inline = { ...script.inline, state: "in_step", in_file: list, in_list: list };
        return answer(script);
      },
    ],
  ];
}

function coolDown() {
  const days = inForce().packages.cool_down_days;
  return days > 0 ? new Date(Date.now() - days * 86_400_000).toISOString() : null;
}
