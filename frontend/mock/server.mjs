// A pretend controller: the HTTP and WebSocket contract with invented scripts and runs, for working on the interface
// without an engine and for seeing states that are hard to bring about. `npm run mock` serves it (and the built
// interface, with the product's content security policy); `npm run dev:mock` puts the dev server in front of it.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { logs, newId, newScript, runs, scripts, seed, system } from "./data.mjs";
import { cancel, dashboard, describe, listen, start, tell, tellScript } from "./simulate.mjs";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const CSP =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'";
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".ttf": "font/ttf",
};

class Refusal extends Error {
  constructor(status, code, message, details) {
    super(message);
    Object.assign(this, { status, code, details });
  }
}
const known = (map, id, what) => map.get(id) ?? refuse(404, "not_found", `There is no ${what} with this id.`);
const refuse = (...about) => {
  throw new Refusal(...about);
};
const etag = (file) => `"${file.version}"`;
const page = (items, url) => {
  const from = Number(url.searchParams.get("cursor") ?? 0);
  const limit = Number(url.searchParams.get("limit") ?? 50);
  return {
    items: items.slice(from, from + limit),
    next_cursor: from + limit < items.length ? String(from + limit) : null,
  };
};
const dependencies = (script) => ({
  requirements: script.requirements,
  environment: script.environment,
  packages: script.packages,
  lock: null,
});

function saved(script, path, body) {
  const before = script.files.get(path);
  const file = { body, version: (before?.version ?? 0) + 1, at: new Date().toISOString() };
  script.files.set(path, file);
  script.revision++;
  tellScript(script);
  return { json: { revision: script.revision, etag: etag(file) } };
}

/** [method, pattern, handler({url, id, rest, body, json, headers})] → {json, status} or {bytes, headers} */
const ROUTES = [
  ["GET", /^\/system$/, () => ({ json: system })],
  ["GET", /^\/dashboard$/, () => ({ json: dashboard() })],
  [
    "GET",
    /^\/scripts$/,
    ({ url }) => {
      const q = (url.searchParams.get("q") ?? "").toLowerCase();
      const found = [...scripts.values()].filter(
        (each) => !each.trashed && `${each.name} ${each.description} ${each.tags}`.toLowerCase().includes(q),
      );
      return { json: page(found.map(describe), url) };
    },
  ],
  [
    "POST",
    /^\/scripts$/,
    ({ json }) => {
      if (!json.name) refuse(422, "invalid_field", "A script needs a name.", { field: "name" });
      if ([...scripts.values()].some((each) => each.name === json.name))
        refuse(409, "name_taken", `“${json.name}” is the name of another script.`, { field: "name" });
      const script = newScript(json.name, json.description ?? "", json.tags ?? []);
      tellScript(script);
      return { status: 201, json: describe(script) };
    },
  ],
  ["GET", /^\/scripts\/([^/]+)$/, ({ id }) => ({ json: describe(known(scripts, id, "script")) })],
  [
    "PATCH",
    /^\/scripts\/([^/]+)$/,
    ({ id, json }) => {
      const script = known(scripts, id, "script");
      const limits = json.limits ?? script.limits;
      Object.assign(script, json, { limits });
      tellScript(script);
      return { json: describe(script) };
    },
  ],
  [
    "DELETE",
    /^\/scripts\/([^/]+)$/,
    ({ id }) => {
      known(scripts, id, "script").trashed = true;
      return { status: 204 };
    },
  ],
  [
    "POST",
    /^\/scripts\/([^/]+)\/restore$/,
    ({ id }) => {
      const script = known(scripts, id, "script");
      script.trashed = false;
      return { json: describe(script) };
    },
  ],
  [
    "GET",
    /^\/scripts\/([^/]+)\/files$/,
    ({ id }) => {
      const files = [...known(scripts, id, "script").files].sort(([a], [b]) => a.localeCompare(b));
      return {
        json: {
          items: files.map(([path, file]) => ({
            path,
            size: file.body.length,
            modified_at: file.at,
            kind: "file",
            text: !file.binary,
          })),
          next_cursor: null,
        },
      };
    },
  ],
  [
    "GET",
    /^\/scripts\/([^/]+)\/files\/(.+)$/,
    ({ id, rest }) => {
      const file = known(known(scripts, id, "script").files, rest, "file");
      return { bytes: file.body, headers: { etag: etag(file), "content-type": "application/octet-stream" } };
    },
  ],
  [
    "PUT",
    /^\/scripts\/([^/]+)\/files\/(.+)$/,
    ({ id, rest, body, headers }) => {
      const script = known(scripts, id, "script");
      const before = script.files.get(rest);
      if (headers["if-none-match"] === "*" && before) refuse(412, "file_changed", `There is a file ${rest} already.`);
      if (headers["if-match"] && (!before || headers["if-match"] !== etag(before)))
        refuse(412, "changed_elsewhere", `${rest} was changed elsewhere.`);
      return saved(script, rest, body);
    },
  ],
  [
    "DELETE",
    /^\/scripts\/([^/]+)\/files\/(.+)$/,
    ({ id, rest }) => {
      const script = known(scripts, id, "script");
      script.files.delete(rest);
      tellScript(script);
      return { status: 204 };
    },
  ],
  [
    "POST",
    /^\/scripts\/([^/]+)\/rename-file$/,
    ({ id, json }) => {
      const script = known(scripts, id, "script");
      if (script.files.has(json.to)) refuse(409, "name_taken", `There is a file ${json.to} already.`, { field: "to" });
      const file = known(script.files, json.from, "file");
      script.files.delete(json.from);
      return saved(script, json.to, file.body);
    },
  ],
  ["GET", /^\/scripts\/([^/]+)\/dependencies$/, ({ id }) => ({ json: dependencies(known(scripts, id, "script")) })],
  [
    "PUT",
    /^\/scripts\/([^/]+)\/dependencies$/,
    ({ id, json }) => {
      const script = known(scripts, id, "script");
      const wrong = json.requirements.findIndex(
        (line) => line.trim() && !/^(#.*|[A-Za-z0-9][\w.-]*(\[[\w,-]+\])?\s*([<>=!~].*)?)$/.test(line.trim()),
      );
      if (wrong >= 0)
        refuse(
          422,
          "invalid_requirement",
          `Line ${wrong + 1}, column 1: “${json.requirements[wrong]}” is not a requirement.`,
          { field: "requirements", line: wrong, column: 0 },
        );
      script.requirements = json.requirements
        .map((line) => line.trim())
        .filter((line) => line && !line.startsWith("#"));
      script.packages = script.requirements.map((line) => ({
        name: /^[\w.-]+/.exec(line)[0],
        asked: line,
        locked: null,
        installed: null,
      }));
      script.environment = { ...script.environment, state: json.requirements.length ? "needs_install" : "not_needed" };
      tellScript(script);
      return { json: dependencies(script) };
    },
  ],
  [
    "POST",
    /^\/scripts\/([^/]+)\/dependencies\/install$/,
    ({ id }) => ({ status: 202, json: { run: start(known(scripts, id, "script"), {}, "build") } }),
  ],
  [
    "POST",
    /^\/scripts\/([^/]+)\/runs$/,
    ({ id, json }) => ({ status: 201, json: start(known(scripts, id, "script"), json) }),
  ],
  [
    "GET",
    /^\/runs$/,
    ({ url }) => {
      const want = Object.fromEntries(url.searchParams);
      const found = [...runs.values()]
        .filter(
          (run) =>
            (!want.script || run.script_id === want.script) &&
            (!want.kind || run.kind === want.kind) &&
            (!want.state || run.state === want.state) &&
            (!want.outcome || run.outcome?.kind === want.outcome),
        )
        .sort((a, b) => b.queued_at.localeCompare(a.queued_at));
      return { json: page(found, url) };
    },
  ],
  ["GET", /^\/runs\/([^/]+)$/, ({ id }) => ({ json: known(runs, id, "run") })],
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
  // Only here: takes the engine away and gives it back.
  [
    "POST",
    /^\/mock\/engine\/(ready|away)$/,
    ({ id }) => {
      system.engine = {
        ...system.engine,
        state: id,
        message: id === "away" ? "Cannot connect to unix:///var/run/docker.sock." : null,
      };
      tell({ type: "system", system });
      return { json: system };
    },
  ],
];

function answer(response, status, headers, body) {
  response.writeHead(status, { "content-security-policy": CSP, ...headers });
  response.end(body);
}

async function api(request, response, url) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  try {
    const path = url.pathname.slice("/api/v1".length);
    for (const [method, pattern, handle] of ROUTES) {
      const match = request.method === method ? pattern.exec(path) : null;
      if (!match) continue;
      const isJson = request.headers["content-type"]?.includes("json");
      if (body.length > 0 && !isJson && method !== "PUT") refuse(415, "not_json", "The body must be JSON.");
      const [id, rest] = match.slice(1).map(decodeURIComponent);
      const result = handle({
        url,
        id,
        rest,
        body,
        json: isJson && body.length > 0 ? JSON.parse(body) : {},
        headers: request.headers,
      });
      if (result.bytes !== undefined) return answer(response, 200, result.headers, result.bytes);
      return answer(
        response,
        result.status ?? 200,
        { "content-type": "application/json" },
        result.json === undefined ? "" : JSON.stringify(result.json),
      );
    }
    refuse(404, "not_found", "There is nothing at this address.");
  } catch (error) {
    const { status = 500, code = "internal", message, details } = error;
    answer(
      response,
      status,
      { "content-type": "application/json" },
      JSON.stringify({ code, message, request_id: newId(), ...(details ? { details } : {}) }),
    );
  }
}

function page_or_asset(response, url) {
  const path = normalize(join(DIST, url.pathname));
  const found = path.startsWith(DIST) && existsSync(path) && statSync(path).isFile() ? path : join(DIST, "index.html");
  if (!existsSync(found)) return answer(response, 404, {}, "Run `npm run build` first, or use `npm run dev:mock`.");
  response.writeHead(200, {
    "content-security-policy": CSP,
    "content-type": TYPES[extname(found)] ?? "application/octet-stream",
  });
  createReadStream(found).pipe(response);
}

seed();
const server = createServer((request, response) => {
  const url = new URL(request.url, "http://mock");
  if (url.pathname === "/healthz") answer(response, 200, { "content-type": "application/json" }, '{"status":"ok"}');
  else if (url.pathname.startsWith("/api/")) void api(request, response, url);
  else page_or_asset(response, url);
});

const sockets = new WebSocketServer({ noServer: true });
server.on("upgrade", (request, socket, head) => {
  const url = new URL(request.url, "http://mock");
  sockets.handleUpgrade(request, socket, head, (client) => {
    const live = /^\/api\/v1\/runs\/([^/]+)\/live$/.exec(url.pathname);
    const send = (frame) => client.send(JSON.stringify(frame));
    if (live) follow(client, send, runs.get(live[1]), Number(url.searchParams.get("after") ?? 0));
    else
      client.on(
        "close",
        listen((event) => (event.type === "record" ? undefined : send(event))),
      );
  });
});

function follow(client, send, run, after) {
  if (!run) return client.close(1008, "no such run");
  for (const each of logs.get(run.id)) if (each.seq > after) send({ type: "record", ...each });
  const state = () => {
    send({ type: "state", run });
    if (run.state === "finished") client.close(1000);
  };
  state();
  client.on(
    "close",
    listen((event) => {
      if (event.type === "record" && event.run_id === run.id) send({ type: "record", ...event.record });
      if (event.type === "run" && event.run.id === run.id) state();
    }),
  );
}

const port = Number(process.env.MOCK_PORT ?? 8421);
server.listen(port, "127.0.0.1", () => console.log(`mock controller on http://127.0.0.1:${port}`));
