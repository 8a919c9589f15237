// The pretend scripts' folders: files by path, folders by being named or by holding something.
import { png } from "./artifacts.mjs";
import { begin, hashOf, revise, revisionRoutes } from "./revisions.mjs";

const MIB = 1024 * 1024;
const TRACKED = 16 * MIB;
const TYPES = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  svg: "image/svg+xml",
  html: "text/html; charset=utf-8",
};
const extension = (path) => path.split(".").at(-1).toLowerCase();
const isText = (body) => !body.subarray(0, 8192).includes(0);
const etag = (file) => `"${hashOf(file.body)}"`;

/** What the example's folder holds beside what the rest of the mock knows of it. */
export function seedFolders(scripts) {
  const report = [...scripts.values()].find((each) => each.name === "nightly-report");
  const at = new Date(Date.now() - 3_600_000).toISOString();
  const put = (path, body, extra) => report.files.set(path, { body: Buffer.from(body), version: 1, at, ...extra });
  put("logo.png", png(240, 120));
  put(
    "README.md",
    "# Nightly report\n\nSums *yesterday's* orders.\n\n| day | total |\n| --- | ----- |\n| Mon | 12 |\n",
  );
  put("settings.json", '{"channel": "#orders", "retries": 3, "countries": ["DE", "FR"]}\n');
  put("data/2026/january.csv", "day,total\n2026-01-01,17\n2026-01-02,23\n");
  put("data/2026/february.csv", "day,total\n2026-02-01,31\n");
  put("data/model.bin", Buffer.alloc(70_000));
  put("data/archive.bin", Buffer.alloc(1024), { tracked: false, size: 340 * MIB });
  put("lib/__init__.py", "");
  put("lib/orders.py", "def total(rows):\n    return sum(float(row['amount']) for row in rows)\n");
  report.folders = new Set(["drafts"]);
  const many = [...scripts.values()].find((each) => each.name === "backup-photos");
  for (let i = 0; i < 5000; i++)
    many.files.set(`photos/${1990 + (i % 36)}/img-${String(i).padStart(5, "0")}.jpg`, {
      body: Buffer.from("\0"),
      version: 1,
      at,
    });
  many.truncated = true;
}

const foldersAbove = (path) =>
  path
    .split("/")
    .slice(0, -1)
    .map((word, i, words) => [...words.slice(0, i), word].join("/"));

function listing(script) {
  const named = [...(script.folders ?? [])];
  const folders = new Set([...named, ...[...script.files.keys(), ...named].flatMap(foldersAbove)]);
  const items = [
    ...[...folders].map((path) => ({
      path,
      size: 0,
      modified_at: script.created_at,
      kind: "directory",
      text: false,
      tracked: false,
    })),
    ...[...script.files].map(([path, file]) => ({
      path,
      size: file.size ?? file.body.length,
      modified_at: file.at,
      kind: "file",
      text: isText(file.body),
      tracked: file.tracked !== false,
    })),
  ];
  return {
    items: items.sort((a, b) => (a.path < b.path ? -1 : 1)),
    truncated: Boolean(script.truncated),
    next_cursor: null,
  };
}

export function fileRoutes({ known, refuse, page, scripts, tell, tellScript }) {
  const now = () => new Date().toISOString();
  const changed = (script) => {
    tell({ type: "files", script_id: script.id });
    tellScript(script);
  };
  const checked = (path) => {
    if (path.startsWith("/") || path.split("/").some((word) => word === ".." || word === "." || word === ""))
      refuse(422, "invalid_path", `${path} is not a path in the script's folder.`, { field: "path" });
    return path;
  };
  const isFolder = (script, path) =>
    script.folders?.has(path) ||
    [...script.files.keys(), ...(script.folders ?? [])].some((each) => each.startsWith(`${path}/`));
  const answer = (script, message, file) => {
    const revision = revise(script, message, "editor");
    changed(script);
    return { json: { revision, etag: file && file.tracked !== false ? etag(file) : null } };
  };
  return [
    ["GET", /^\/scripts\/([^/]+)\/files$/, ({ id }) => ({ json: listing(known(scripts, id, "script")) })],
    [
      "GET",
      /^\/scripts\/([^/]+)\/files\/(.+)$/,
      ({ id, rest, url }) => {
        const file = known(known(scripts, id, "script").files, rest, "file");
        const view = url.searchParams.get("view") === "true";
        return {
          bytes: file.body,
          headers: {
            etag: etag(file),
            "content-type": view ? (TYPES[extension(rest)] ?? "text/plain; charset=utf-8") : "application/octet-stream",
            "x-content-type-options": "nosniff",
            ...(view
              ? {
                  "content-security-policy":
                    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'",
                }
              : {}),
          },
        };
      },
    ],
    [
      "PUT",
      /^\/scripts\/([^/]+)\/files\/(.+)$/,
      ({ id, rest, body, headers }) => {
        const script = known(scripts, id, "script");
        begin(script);
        checked(rest);
        if (body.length > 1024 * MIB) refuse(413, "file_too_large", `${rest} is larger than 1 GiB.`);
        if (isFolder(script, rest)) refuse(409, "path_taken", `There is a folder ${rest} already.`);
        const before = script.files.get(rest);
        if (headers["if-none-match"] === "*" && before) refuse(412, "file_changed", `There is a file ${rest} already.`);
        if (headers["if-match"] && (!before || headers["if-match"] !== etag(before)))
          refuse(412, "file_changed", `${rest} was changed elsewhere.`);
        const file = { body, version: (before?.version ?? 0) + 1, at: now(), tracked: body.length <= TRACKED };
        script.files.set(rest, file);
        return answer(script, `Saved ${rest}`, file);
      },
    ],
    [
      "DELETE",
      /^\/scripts\/([^/]+)\/files\/(.+)$/,
      ({ id, rest, url }) => {
        const script = known(scripts, id, "script");
        begin(script);
        const below = [...script.files.keys()].filter((path) => path.startsWith(`${rest}/`));
        if (!script.files.has(rest) && !isFolder(script, rest)) refuse(404, "not_found", `There is no ${rest}.`);
        if (below.length > 0 && url.searchParams.get("recursive") !== "true")
          refuse(409, "folder_not_empty", `The folder ${rest} is not empty.`);
        for (const path of [rest, ...below]) script.files.delete(path);
        for (const folder of [...(script.folders ?? [])])
          if (folder === rest || folder.startsWith(`${rest}/`)) script.folders.delete(folder);
        answer(script, `Deleted ${rest}`);
        return { status: 204 };
      },
    ],
    [
      "POST",
      /^\/scripts\/([^/]+)\/folders$/,
      ({ id, json }) => {
        const script = known(scripts, id, "script");
        const path = checked(json.path ?? "");
        if (script.files.has(path) || isFolder(script, path))
          refuse(409, "path_taken", `There is a ${path} already.`, { field: "path" });
        script.folders = new Set([...(script.folders ?? []), path]);
        changed(script);
        return { status: 201, json: { path } };
      },
    ],
    [
      "POST",
      /^\/scripts\/([^/]+)\/rename-file$/,
      ({ id, json }) => {
        const script = known(scripts, id, "script");
        begin(script);
        const { from } = json;
        const to = checked(json.to);
        if (script.files.has(to) || isFolder(script, to))
          refuse(409, "path_taken", `There is a ${to} already.`, { field: "to" });
        if (!script.files.has(from) && !isFolder(script, from)) refuse(404, "not_found", `There is no ${from}.`);
        const renamed = (path) =>
          path === from ? to : path.startsWith(`${from}/`) ? to + path.slice(from.length) : path;
        script.files = new Map([...script.files].map(([path, file]) => [renamed(path), file]));
        script.folders = new Set([...(script.folders ?? [])].map(renamed));
        return answer(script, `Renamed ${from} to ${to}`);
      },
    ],
    ...revisionRoutes({ known, refuse, page, scripts, changed }),
    // Only here: a change as another program on the machine would make it.
    [
      "PUT",
      /^\/mock\/outside\/([^/]+)\/(.+)$/,
      ({ id, rest, body }) => {
        const script = known(scripts, id, "script");
        script.files.set(rest, { body, version: 1, at: now() });
        tell({ type: "files", script_id: script.id });
        return { status: 204 };
      },
    ],
  ];
}
