// Revisions of the pretend scripts: a picture of the files after every change. A script that was seeded begins with one
// of its present files; the example has a history of its own.
import { createHash } from "node:crypto";
import { runs } from "./data.mjs";

export const hashOf = (body) => createHash("sha256").update(body).digest("hex");

const MIN = 60_000;
const HOUR = 60 * MIN;
const ago = (ms) => new Date(Date.now() - ms).toISOString();

const picture = (script) =>
  new Map([...script.files].filter(([, file]) => file.tracked !== false).map(([path, file]) => [path, file.body]));

function changesBetween(from, to) {
  const paths = [...new Set([...from.keys(), ...to.keys()])].sort();
  return paths.flatMap((path) => {
    const [a, b] = [from.get(path), to.get(path)];
    if (a && b && a.equals(b)) return [];
    return [
      {
        path,
        change: a ? (b ? "modified" : "deleted") : "added",
        from: a ? hashOf(a) : null,
        to: b ? hashOf(b) : null,
        size: (b ?? a).length,
      },
    ];
  });
}

function historyOf(script) {
  if (script.revisions) return script.revisions;
  script.revisions = script.name === "nightly-report" ? exampleHistory(script) : [];
  if (script.revisions.at(-1)?.number !== script.revision)
    script.revisions.push({
      number: script.revision,
      created_at: script.created_at,
      message: "Created",
      by: "editor",
      label: null,
      files: picture(script),
    });
  return script.revisions;
}

/** The report as it grew, the newest being what it is now. */
function exampleHistory(script) {
  const now = picture(script);
  const main = now.get("main.py").toString();
  const without = (...words) =>
    Buffer.from(
      main
        .split("\n")
        .filter((line) => !words.some((w) => line.includes(w)))
        .join("\n"),
    );
  const steps = [
    [
      11,
      9 * 24 * HOUR,
      "Created",
      "template",
      null,
      { "main.py": without("requests", "answer", "webhook", "return 1") },
    ],
    [12, 9 * 24 * HOUR - 20 * MIN, "Saved orders.csv", "editor", null, { "orders.csv": now.get("orders.csv") }],
    [
      13,
      8 * 24 * HOUR,
      "Changed outside",
      "outside",
      null,
      { "logo.png": now.get("logo.png"), "old/notes.txt": Buffer.from("ask Ada\n") },
    ],
    [14, 26 * HOUR, "Saved main.py", "editor", "Before the webhook", { "main.py": without("webhook", "return 1") }],
    [
      15,
      25 * HOUR,
      "Dependencies changed",
      "dependencies",
      null,
      { "main.py": without("return 1"), "old/notes.txt": null },
    ],
    [
      16,
      3 * HOUR,
      "Saved helpers.py",
      "api",
      null,
      { "helpers.py": Buffer.from("def double(x):\n    return x + x\n") },
    ],
    [17, HOUR, "Saved 3 files", "editor", null, Object.fromEntries(now)],
  ];
  let files = new Map();
  return steps.map(([number, age, message, by, label, part]) => {
    files = new Map(files);
    for (const [path, body] of Object.entries(part)) {
      if (body === null) files.delete(path);
      else files.set(path, body);
    }
    if (number === 17) files = new Map(now);
    return { number, created_at: ago(age), message, by, label, files };
  });
}

/** Writes down what the script's files are now; what did not change them is none. */
export function revise(script, message, by) {
  const history = historyOf(script);
  const files = picture(script);
  if (changesBetween(history.at(-1).files, files).length === 0) return script.revision;
  script.revision++;
  history.push({ number: script.revision, created_at: new Date().toISOString(), message, by, label: null, files });
  return script.revision;
}

/** Before a change: what is there now is a revision, also what another program made of it. */
export function begin(script) {
  historyOf(script);
  revise(script, "Changed outside", "outside");
}

export function revisionRoutes({ known, refuse, page, scripts, changed }) {
  const one = (id, number) => {
    const script = known(scripts, id, "script");
    const history = historyOf(script);
    const found = history.findIndex((each) => each.number === Number(number));
    if (found < 0) refuse(404, "not_found", "There is no revision with this number.");
    return { script, history, found, revision: history[found] };
  };
  const filesOf = (history, number) => history.find((each) => each.number === number)?.files ?? new Map();
  const show = (script, history, revision, index) => {
    const changes = changesBetween(history[index - 1]?.files ?? new Map(), revision.files);
    const used = [...runs.values()].filter((run) => run.script_id === script.id && run.revision === revision.number);
    const { files, ...rest } = revision;
    return {
      ...rest,
      changed: changes.slice(0, 50).map(({ path, change }) => ({ path, change })),
      changed_count: changes.length,
      runs: { count: used.length, last_run_id: used.at(-1)?.id ?? null },
      files: [...files].map(([path, body]) => ({ path, hash: hashOf(body), size: body.length })),
    };
  };
  return [
    [
      "GET",
      /^\/scripts\/([^/]+)\/revisions$/,
      ({ id, url }) => {
        const script = known(scripts, id, "script");
        const history = historyOf(script);
        return { json: page(history.map((each, index) => show(script, history, each, index)).reverse(), url) };
      },
    ],
    [
      "GET",
      /^\/scripts\/([^/]+)\/revisions\/(\d+)$/,
      ({ id, rest }) => {
        const { script, history, found, revision } = one(id, rest);
        return { json: show(script, history, revision, found) };
      },
    ],
    [
      "PATCH",
      /^\/scripts\/([^/]+)\/revisions\/(\d+)$/,
      ({ id, rest, json }) => {
        const { script, history, found, revision } = one(id, rest);
        if ((json.label ?? "").length > 80)
          refuse(422, "invalid_field", "A label has at most 80 characters.", { field: "label" });
        revision.label = json.label?.trim() || null;
        return { json: show(script, history, revision, found) };
      },
    ],
    [
      "GET",
      /^\/scripts\/([^/]+)\/revisions\/(\d+)\/changes$/,
      ({ id, rest, url }) => {
        const { history, revision } = one(id, rest);
        const other = Number(url.searchParams.get("with") ?? revision.number - 1);
        return { json: { items: changesBetween(filesOf(history, other), revision.files) } };
      },
    ],
    [
      "GET",
      /^\/scripts\/([^/]+)\/revisions\/(\d+)\/files\/(.+)$/,
      ({ id, rest, more }) => ({
        bytes: known(one(id, rest).revision.files, more, "file"),
        headers: { "content-type": "application/octet-stream" },
      }),
    ],
    [
      "POST",
      /^\/scripts\/([^/]+)\/revisions\/(\d+)\/restore$/,
      ({ id, rest }) => {
        const { script, revision } = one(id, rest);
        for (const path of [...script.files.keys()])
          if (script.files.get(path).tracked !== false && !revision.files.has(path)) script.files.delete(path);
        for (const [path, body] of revision.files)
          if (!script.files.get(path)?.body.equals(body))
            script.files.set(path, { ...script.files.get(path), body, at: new Date().toISOString() });
        revise(script, `Restored revision ${revision.number}`, "restore");
        changed(script);
        return { json: { revision: script.revision, etag: null } };
      },
    ],
  ];
}
