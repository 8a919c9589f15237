// The list of scripts as the product serves it: filters and order, the search in code, tags with colours, acts on many,
// templates, copies, import and export, the trash.
import { pack, unpack } from "./archives.mjs";
import { newScript, runs, scripts } from "./data.mjs";
import { bring, schedulesOf, termsOf } from "./schedules.mjs";
import { seedMany, TEMPLATES } from "./scripts-seed.mjs";
import { describe, start, tellScript } from "./simulate.mjs";

const COLOURS = ["grey", "red", "orange", "amber", "green", "teal", "blue", "violet", "pink"];
const KINDS = ["run", "pause", "resume", "tag", "untag", "delete", "restore"];
const BOUND = 64 * 1024 * 1024;

const colours = new Map();
function colourOf(tag) {
  if (!colours.has(tag)) {
    const hash = [...tag].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) >>> 0, 7);
    colours.set(tag, COLOURS[hash % COLOURS.length]);
  }
  return colours.get(tag);
}
const living = () => [...scripts.values()].filter((each) => !each.trashed);
const isTaken = (name, but) => living().some((each) => each.name === name && each !== but);
const activeRun = (script) =>
  [...runs.values()].find((run) => run.script_id === script.id && !["finished", "queued"].includes(run.state));

/** As the API shows it. */
export function listed(script) {
  const { pretended, deleted_at, ...rest } = describe(script);
  const own = pretended
    ? {
        schedules: pretended.schedules,
        next_fire: script.paused
          ? null
          : { at: new Date(Date.now() + pretended.next).toISOString(), schedule_id: "s1" },
      }
    : schedulesOf(script);
  return { ...rest, ...own, ...(script.trashed ? { deleted_at } : {}) };
}

export function seedScripts() {
  seedMany(Number(process.env.MOCK_SCRIPTS ?? 0));
  const gone = newScript("old-newsletter", "Was sent on Mondays", ["mail"]);
  Object.assign(gone, { trashed: true, deleted_at: new Date(Date.now() - 3 * 86_400_000).toISOString() });
}

function trash(script, refuse) {
  const run = activeRun(script);
  if (run) refuse(409, "script_active", `Run ${run.number} of “${script.name}” is not over; stop it first.`);
  Object.assign(script, { trashed: true, deleted_at: new Date().toISOString() });
  tellScript(script);
}
function restore(script, refuse) {
  if (!script.trashed) refuse(409, "not_trashed", `“${script.name}” is not in the trash.`);
  if (isTaken(script.name, script))
    refuse(409, "name_taken", `Another script is called “${script.name}” now; rename that one first.`);
  script.trashed = false;
  tellScript(script);
}

function act(script, { kind, tags = [] }, refuse) {
  if (kind === "restore") return restore(script, refuse);
  if (script.trashed) refuse(404, "not_found", "There is no script with this id.");
  if (kind === "run") return start(script);
  if (kind === "delete") return trash(script, refuse);
  if (kind === "pause" || kind === "resume") script.paused = kind === "pause";
  if (kind === "tag") script.tags = [...new Set([...script.tags, ...tags])];
  if (kind === "untag") script.tags = script.tags.filter((tag) => !tags.includes(tag));
  tellScript(script);
}

const ORDER = {
  name: (a, b) => a.name.localeCompare(b.name),
  updated: (a, b) => b.updated_at.localeCompare(a.updated_at),
  last_run: (a, b) => (b.last_run?.queued_at ?? "").localeCompare(a.last_run?.queued_at ?? ""),
  next_fire: (a, b) => (a.next_fire?.at ?? "~").localeCompare(b.next_fire?.at ?? "~"),
};

function list(url, refuse) {
  const ask = (name) => url.searchParams.get(name);
  const many = (name) => ask(name)?.split(",").filter(Boolean) ?? null;
  const flag = (name) => {
    const value = ask(name);
    if (value !== null && value !== "true" && value !== "false")
      refuse(400, "invalid_query", `${name} is true or false.`, { field: name });
    return value === null ? null : value === "true";
  };
  const order = ORDER[ask("sort") ?? "name"];
  if (!order) refuse(400, "invalid_query", `sort is one of ${Object.keys(ORDER).join(", ")}.`, { field: "sort" });
  const q = (ask("q") ?? "").toLowerCase();
  const [scheduled, paused, trashed] = [flag("scheduled"), flag("paused"), flag("trashed") ?? false];
  const [tags, outcomes, environments] = [many("tag"), many("outcome"), many("environment")];
  return [...scripts.values()]
    .filter((each) => Boolean(each.trashed) === trashed)
    .filter((each) => `${each.name} ${each.description} ${each.tags}`.toLowerCase().includes(q))
    .filter((each) => (tags ?? []).every((tag) => each.tags.includes(tag)))
    .map(listed)
    .filter((each) => paused === null || each.paused === paused)
    .filter((each) => scheduled === null || each.schedules > 0 === scheduled)
    .filter((each) => !environments || environments.includes(each.environment.state))
    .filter((each) => !outcomes || outcomes.includes(each.last_run ? (each.last_run.outcome?.kind ?? "") : "none"))
    .sort(order);
}

function search(url, refuse) {
  const q = url.searchParams.get("q") ?? "";
  if (q.length < 2) refuse(400, "invalid_query", "q has at least 2 characters.", { field: "q" });
  const regex = url.searchParams.get("regex") === "true";
  let pattern;
  try {
    pattern = new RegExp(
      regex ? q : q.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"),
      url.searchParams.get("ignore_case") === "true" ? "gi" : "g",
    );
  } catch (error) {
    refuse(400, "invalid_query", error.message, { field: "q" });
  }
  const items = [];
  for (const script of living()) {
    const lines = [];
    for (const [path, file] of script.files)
      if (!file.binary)
        for (const [index, text] of file.body.toString().split("\n").entries()) {
          const ranges = [...text.matchAll(pattern)].map((hit) => [hit.index, hit.index + hit[0].length]);
          if (ranges.length > 0) lines.push({ path, line: index + 1, text, ranges });
        }
    if (lines.length > 0) items.push({ script_id: script.id, matches: lines.length, lines: lines.slice(0, 3) });
  }
  return { items, truncated: false };
}

const ENTRIES = ["main.py", "__main__.py", "app.py", "run.py"];
function entryOf(paths, refuse) {
  const top = paths.filter((path) => !path.includes("/") && path.endsWith(".py"));
  const entry = paths.includes("main.py")
    ? "main.py"
    : top.length === 1
      ? top[0]
      : ENTRIES.find((each) => top.includes(each));
  if (entry) return entry;
  const there = paths.slice(0, 8).join(", ");
  return refuse(422, "no_entry_point", `Which file runs is not clear: there is no main.py. Found: ${there}.`);
}

function imported(url, body, refuse) {
  const filename = url.searchParams.get("filename") ?? "";
  if (body.length > BOUND) refuse(413, "too_large", `${filename} is larger than 64 MiB.`);
  const files = unpack(filename, body, refuse);
  const paths = [...files.keys()];
  const entry_point = entryOf(paths, refuse);
  const about = files.has("pytask.json") ? JSON.parse(files.get("pytask.json").toString()) : {};
  files.delete("pytask.json");
  const asked = url.searchParams.get("name") || about.name || filename.replace(/\.(py|zip|tgz|tar\.gz)$/i, "");
  const name = url.searchParams.get("name") ? asked : free(asked);
  if (isTaken(name)) refuse(409, "name_taken", `“${name}” is the name of another script.`, { field: "name" });
  const requirements = files.get("requirements.txt")?.toString().split("\n").filter(Boolean) ?? [];
  const at = new Date().toISOString();
  const script = newScript(name, about.description ?? "", about.tags ?? [], {
    entry_point,
    requirements,
    files: new Map([...files].map(([path, bytes]) => [path, { body: bytes, version: 1, at }])),
  });
  if (requirements.length > 0) script.environment.state = "missing";
  tellScript(script);
  const notes = [];
  if (entry_point !== "main.py") notes.push(`${entry_point} is the file that runs.`);
  if (requirements.length > 0)
    notes.push(`${requirements.length} packages were taken from requirements.txt; install them under Dependencies.`);
  if (name !== asked) notes.push(`It is called “${name}”, because “${asked}” is the name of another script.`);
  if (about.name) notes.push("Description, tags and limits are as they were exported.");
  const schedules = bring(script, about.schedules ?? [], url.searchParams.get("schedules") ?? "paused");
  return { status: 201, json: { script: listed(script), notes, schedules } };
}

function free(name) {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name} ${number}`;
    if (!isTaken(candidate)) return candidate;
  }
}

function copyOf(script, { name }, refuse) {
  if (name && isTaken(name)) refuse(409, "name_taken", `“${name}” is the name of another script.`, { field: "name" });
  const { id: _id, name: _name, slug: _slug, created_at: _at, updated_at: _up, pretended: _p, ...rest } = script;
  const files = new Map([...script.files].map(([path, file]) => [path, { ...file, version: 1 }]));
  const copy = newScript(name || free(`${script.name} copy`), script.description, [...script.tags], {
    ...rest,
    files,
    revision: 1,
  });
  tellScript(copy);
  return { status: 201, json: listed(copy) };
}

function archive(script, url, refuse) {
  const format = url.searchParams.get("format") ?? "zip";
  if (format !== "zip" && format !== "tar.gz")
    refuse(400, "invalid_query", "format is zip or tar.gz.", { field: "format" });
  const { name, description, tags, entry_point } = script;
  const files = new Map([...script.files].map(([path, file]) => [`${script.slug}/${path}`, file.body]));
  files.set(
    `${script.slug}/pytask.json`,
    Buffer.from(JSON.stringify({ name, description, tags, entry_point, schedules: termsOf(script) })),
  );
  return {
    bytes: pack(format, files),
    headers: {
      "content-type": format === "zip" ? "application/zip" : "application/gzip",
      "content-disposition": `attachment; filename="${script.slug}.${format}"`,
    },
  };
}

function changeTag(tag, { name, colour }, refuse) {
  if (colour !== undefined && !COLOURS.includes(colour))
    refuse(422, "invalid_field", `A colour is one of ${COLOURS.join(", ")}.`, { field: "colour" });
  if (name !== undefined && (name.trim() === "" || name.length > 40 || name.includes(",")))
    refuse(422, "invalid_field", "A tag has from 1 to 40 characters and no comma.", { field: "name" });
  if (colour) colours.set(tag, colour);
  if (name === undefined || name === tag) return tag;
  if (!colours.has(name)) colours.set(name, colourOf(tag));
  for (const script of scripts.values())
    if (script.tags.includes(tag)) {
      script.tags = [...new Set(script.tags.map((each) => (each === tag ? name : each)))];
      tellScript(script);
    }
  colours.delete(tag);
  return name;
}

const countOf = (tag) => living().filter((each) => each.tags.includes(tag)).length;
const tagView = (name) => ({ name, colour: colourOf(name), scripts: countOf(name) });

export const scriptRoutes = ({ known, refuse, page }) => {
  const found = (id) => {
    const script = known(scripts, id, "script");
    return script.trashed ? refuse(404, "not_found", "There is no script with this id.") : script;
  };
  const tagged = (name) =>
    countOf(name) > 0 ? name : refuse(404, "not_found", `No script has the tag “${name}”.`, { field: "name" });
  return [
    ["GET", /^\/scripts$/, ({ url }) => ({ json: page(list(url, refuse), url) })],
    ["GET", /^\/scripts\/search$/, ({ url }) => ({ json: search(url, refuse) })],
    ["POST", /^\/scripts\/import$/, ({ url, body }) => imported(url, body, refuse)],
    [
      "POST",
      /^\/scripts\/bulk$/,
      ({ json: { ids, action } }) => {
        if (!KINDS.includes(action?.kind))
          refuse(422, "invalid_field", `The action is one of ${KINDS.join(", ")}.`, { field: "action.kind" });
        if (!Array.isArray(ids) || ids.length > 500)
          refuse(422, "invalid_field", "At most 500 scripts at a time.", { field: "ids" });
        const done = [];
        const failed = [];
        for (const id of ids)
          try {
            act(known(scripts, id, "script"), action, refuse);
            done.push(id);
          } catch ({ code, message }) {
            failed.push({ id, code, message });
          }
        return { json: { done, failed } };
      },
    ],
    [
      "POST",
      /^\/scripts$/,
      ({ json }) => {
        if (!json.name) refuse(422, "invalid_field", "A script needs a name.", { field: "name" });
        if (isTaken(json.name))
          refuse(409, "name_taken", `“${json.name}” is the name of another script.`, { field: "name" });
        const template = TEMPLATES.find((each) => each.id === (json.template ?? "blank"));
        if (!template) refuse(422, "invalid_field", `There is no template “${json.template}”.`, { field: "template" });
        const at = new Date().toISOString();
        const files = Object.entries(template.files).map(([path, body]) => [
          path,
          { body: Buffer.from(body), version: 1, at },
        ]);
        const script = newScript(json.name, json.description ?? "", json.tags ?? [], {
          files: new Map(files),
          requirements: [...template.requirements],
        });
        if (template.requirements.length > 0) script.environment.state = "missing";
        tellScript(script);
        return { status: 201, json: listed(script) };
      },
    ],
    ["GET", /^\/scripts\/([^/]+)$/, ({ id }) => ({ json: listed(found(id)) })],
    [
      "DELETE",
      /^\/scripts\/([^/]+)$/,
      ({ id, url }) => {
        if (url.searchParams.get("forever") !== "true") trash(found(id), refuse);
        else {
          const script = known(scripts, id, "script");
          if (!script.trashed) refuse(409, "not_trashed", `“${script.name}” is not in the trash.`);
          scripts.delete(id);
          for (const run of [...runs.values()]) if (run.script_id === id) runs.delete(run.id);
          tellScript(script);
        }
        return { status: 204 };
      },
    ],
    [
      "POST",
      /^\/scripts\/([^/]+)\/restore$/,
      ({ id }) => {
        const script = known(scripts, id, "script");
        restore(script, refuse);
        return { json: listed(script) };
      },
    ],
    ["POST", /^\/scripts\/([^/]+)\/duplicate$/, ({ id, json }) => copyOf(found(id), json, refuse)],
    ["GET", /^\/scripts\/([^/]+)\/archive$/, ({ id, url }) => archive(found(id), url, refuse)],
    [
      "GET",
      /^\/templates$/,
      () => ({ json: { items: TEMPLATES.map((each) => ({ ...each, files: Object.keys(each.files) })) } }),
    ],
    [
      "GET",
      /^\/tags$/,
      () => ({ json: { items: [...new Set(living().flatMap((each) => each.tags))].sort().map(tagView) } }),
    ],
    ["PATCH", /^\/tags\/([^/]+)$/, ({ id, json }) => ({ json: tagView(changeTag(tagged(id), json, refuse)) })],
    [
      "DELETE",
      /^\/tags\/([^/]+)$/,
      ({ id }) => {
        for (const script of scripts.values())
          if (script.tags.includes(id)) {
            script.tags = script.tags.filter((tag) => tag !== id);
            tellScript(script);
          }
        return { status: 204 };
      },
    ],
  ];
};
