// A pretend controller: the HTTP and WebSocket contract with invented scripts and runs, for working on the interface
// without an engine and for seeing states that are hard to bring about. `npm run mock` serves it (and the built
// interface, with the product's content security policy); `npm run dev:mock` puts the dev server in front of it.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { isLocked } from "./access.mjs";
import { newId, runs, scripts, seed } from "./data.mjs";
import { seedFolders } from "./files.mjs";
import { pushTail } from "./log-routes.mjs";
import { ROUTES, refuse } from "./routes.mjs";
import { seedSchedules } from "./schedules.mjs";
import { seedScripts } from "./scripts.mjs";
import { listen, start } from "./simulate.mjs";
import { seedTriggers } from "./triggers.mjs";
import { seedWebhooks } from "./webhooks.mjs";

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
    if (isLocked(path)) refuse(401, "token_required", "An access token is needed here: sign in with one.");
    for (const [method, pattern, handle] of ROUTES) {
      const match = request.method === method ? pattern.exec(path) : null;
      if (!match) continue;
      const isJson = request.headers["content-type"]?.includes("json");
      if (body.length > 0 && !isJson && method !== "PUT" && path !== "/scripts/import")
        refuse(415, "not_json", "The body must be JSON.");
      const [id, rest, more] = match.slice(1).map(decodeURIComponent);
      const result = handle({
        url,
        id,
        rest,
        more,
        body,
        json: isJson && body.length > 0 ? JSON.parse(body) : {},
        headers: request.headers,
      });
      if (result.stream) {
        response.writeHead(200, { "content-security-policy": CSP, ...result.headers });
        return result.stream(response);
      }
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

const { endless } = seed();
seedSchedules();
seedScripts();
seedFolders(scripts);
seedTriggers();
seedWebhooks();
start(endless);
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
    if (live) follow(client, send, runs.get(live[1]), url.searchParams);
    else
      client.on(
        "close",
        listen((event) => (event.type === "record" || event.type === "samples" ? undefined : send(event))),
      );
  });
});

function follow(client, send, run, query) {
  if (!run) return client.close(1008, "no such run");
  const look = { count: Number(query.get("tail") ?? 200), stream: query.get("stream") };
  const tail = pushTail(run.id, look, send);
  const state = () => {
    if (run.state === "finished") tail.push();
    send({ type: "state", run });
    if (run.state === "finished") client.close(1000);
  };
  state();
  const deaf = listen((event) => {
    if (event.type === "samples" && event.run_id === run.id) send({ type: "samples", samples: event.samples });
    if (event.type === "run" && event.run.id === run.id) state();
  });
  client.on("close", () => {
    tail.stop();
    deaf();
  });
}

const port = Number(process.env.MOCK_PORT ?? 8421);
server.listen(port, "127.0.0.1", () => console.log(`mock controller on http://127.0.0.1:${port}`));
