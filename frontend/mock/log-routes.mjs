// Reading logs: windows of lines, a search that streams what it finds, the pushed tail of the live socket.
import { runs } from "./data.mjs";
import { sourceOf } from "./log-source.mjs";

const ended = (runId) => runs.get(runId)?.state === "finished";

function windowOf(runId, stream, first, limit) {
  const source = sourceOf(runId);
  const total = source.count(stream);
  const begin = Math.min(Math.max(1, first), total + 1);
  const lines = [];
  for (let position = begin; position <= Math.min(total, begin + limit - 1); position++)
    lines.push(source.line(position, stream));
  const all = { lines_all: source.count(), bytes: source.bytes(), ended: ended(runId) };
  return { first: begin, total, ...all, lines };
}

function linesRoute({ known, refuse }) {
  return ({ id, url }) => {
    known(runs, id, "run");
    const get = (name) => url.searchParams.get(name);
    const stream = get("stream");
    const limit = Number(get("limit") ?? 500);
    if (!(limit >= 1 && limit <= 2000)) refuse(400, "invalid_query", "limit: 1 to 2000");
    const source = sourceOf(id);
    const first = get("tail")
      ? source.count(stream) - limit + 1
      : get("line")
        ? source.positionOf(Number(get("line")), stream)
        : get("at")
          ? source.positionAt(get("at"), stream)
          : Number(get("from") ?? 1);
    return { json: windowOf(id, stream, first, limit) };
  };
}

const SLICE = 20_000;
const EXCERPT = 400;
const pause = () => new Promise((resolve) => setImmediate(resolve));

function patternOf(get, refuse) {
  const q = get("q") ?? "";
  if (q.length < 1 || q.length > 1000) refuse(400, "invalid_query", "q: 1 to 1000 characters");
  const source = get("regex") === "true" ? q : q.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  try {
    return new RegExp(source, get("ignore_case") === "false" ? "g" : "gi");
  } catch {
    return refuse(400, "invalid_query", `q: not a regular expression, near “${q.slice(-8)}”`);
  }
}

function excerptOf(line, position, found) {
  const from = Math.max(0, found[0].index - 120);
  const text = line.text.slice(from, from + EXCERPT);
  const ranges = found
    .map((each) => [each.index - from, each.index - from + each[0].length])
    .filter(([start, end]) => end > start && end <= text.length);
  return { line: line.line, position, at: line.at, stream: line.stream, text, ranges };
}

/** Reads slice by slice, so that other requests are answered meanwhile. */
async function search(id, get, pattern, response) {
  const source = sourceOf(id);
  const stream = get("stream");
  const newest = get("order") !== "oldest";
  const limit = Number(get("limit") ?? 1000);
  const before = Number(get("before") ?? Number.POSITIVE_INFINITY);
  const total = source.count(stream);
  const bytes = source.bytes();
  const send = (frame) => response.write(`${JSON.stringify(frame)}\n`);
  let matches = 0;
  let listed = 0;
  let told = Date.now();
  for (let done = 0; done < total && !response.destroyed; done += SLICE) {
    const lines = [];
    for (let step = done; step < Math.min(total, done + SLICE); step++) {
      const position = newest ? total - step : step + 1;
      pattern.lastIndex = 0;
      if (!pattern.test(source.text(position, stream))) continue;
      const line = source.line(position, stream);
      if (line.line >= before) continue;
      matches++;
      if (listed >= limit) continue;
      listed++;
      pattern.lastIndex = 0;
      lines.push(excerptOf(line, position, [...line.text.matchAll(pattern)]));
    }
    if (lines.length > 0) send({ type: "matches", lines });
    if (Date.now() - told > 200) {
      told = Date.now();
      send({ type: "progress", searched_bytes: Math.round((done / total) * bytes), total_bytes: bytes, matches });
    }
    await pause();
  }
  send({ type: "done", searched_bytes: bytes, total_bytes: bytes, matches, listed });
  response.end();
}

export const logRoutes = ({ known, refuse }) => [
  ["GET", /^\/runs\/([^/]+)\/log\/lines$/, linesRoute({ known, refuse })],
  [
    "GET",
    /^\/runs\/([^/]+)\/log\/search$/,
    ({ id, url }) => {
      known(runs, id, "run");
      const get = (name) => url.searchParams.get(name);
      const pattern = patternOf(get, refuse);
      return {
        headers: { "content-type": "application/x-ndjson" },
        stream: (response) => void search(id, get, pattern, response),
      };
    },
  ],
];

const TAIL_MS = 100;

/** Pushes the newest lines whenever there are some; answers how to push what is left and how to stop. */
export function pushTail(runId, { count, stream }, send) {
  let before = "";
  const push = () => {
    const source = sourceOf(runId);
    const now = `${source.bytes()} ${ended(runId)}`;
    if (now === before) return;
    before = now;
    send({ type: "tail", ...windowOf(runId, stream, source.count(stream) - count + 1, count) });
  };
  push();
  const timer = setInterval(push, TAIL_MS);
  return { push, stop: () => clearInterval(timer) };
}
