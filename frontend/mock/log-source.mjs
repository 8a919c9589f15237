// Where the pretend controller's logs come from: records put together into lines, or lines that are made up when they
// are asked for, so that a log of ten million of them costs nothing. A source tells how many lines a stream has
// (`count`), one of them by its position (`line`), and the position of the first line at or after a number.
import { logs } from "./data.mjs";

const CUT_AT = 16_384;
const assembled = new Map();
const invented = new Map();

export const sourceOf = (runId) => invented.get(runId) ?? recordsOf(runId);
export const invent = (runId, source) => invented.set(runId, source);

/** Lines of a run that printed records; what came since the last time is added. */
function recordsOf(runId) {
  let state = assembled.get(runId);
  if (!state) {
    state = { taken: 0, bytes: 0, lines: [], open: new Map() };
    assembled.set(runId, state);
  }
  const records = logs.get(runId) ?? [];
  for (; state.taken < records.length; state.taken++) add(state, records[state.taken]);
  const of = (stream) => (stream ? state.lines.filter((line) => line.stream === stream) : state.lines);
  return {
    bytes: () => state.bytes,
    count: (stream) => of(stream).length,
    line: (position, stream) => of(stream)[position - 1],
    text: (position, stream) => of(stream)[position - 1].text,
    positionOf: (number, stream) => of(stream).filter((line) => line.line < number).length + 1,
    positionAt: (at, stream) => of(stream).filter((line) => line.at < at).length + 1,
  };
}

function add(state, { stream, at, text }) {
  state.bytes += Buffer.byteLength(text);
  const pieces = (stream === "system" && !text.endsWith("\n") ? `${text}\n` : text).split("\n");
  pieces.forEach((piece, index) => {
    const ended = index < pieces.length - 1;
    if (!ended && piece === "") return;
    let line = state.open.get(stream);
    if (!line) {
      line = { line: state.lines.length + 1, at, stream, text: "", cut: 0, open: true };
      state.open.set(stream, line);
      state.lines.push(line);
    }
    const whole = (line.text + piece).replace(/\r$/, "");
    const text = whole.slice(whole.lastIndexOf("\r") + 1);
    line.cut += Math.max(0, text.length - CUT_AT);
    line.text = text.slice(0, CUT_AT);
    if (!ended) return;
    line.open = false;
    state.open.delete(stream);
  });
}

// Of every hundred lines the last ten are stderr's, which makes the positions of a stream a matter of arithmetic.
const inBlock = { stdout: 90, stderr: 10 };
const BLOCK = 100;
const LINE_BYTES = 100;
const FILLER = ["read", "parsed", "stored", "sent", "merged", "checked", "skipped"];
const LONG = "0123456789abcdef".repeat(CUT_AT / 16);

function streamOf(index) {
  return index % BLOCK >= inBlock.stdout ? "stderr" : "stdout";
}
function countOf(lines, stream) {
  if (!stream) return lines;
  if (stream === "system") return 0;
  const rest = lines % BLOCK;
  const inRest = stream === "stdout" ? Math.min(rest, inBlock.stdout) : Math.max(0, rest - inBlock.stdout);
  return Math.floor(lines / BLOCK) * inBlock[stream] + inRest;
}
function numberOf(position, stream) {
  if (!stream) return position;
  const size = inBlock[stream];
  const within = ((position - 1) % size) + (stream === "stderr" ? inBlock.stdout : 0);
  return Math.floor((position - 1) / size) * BLOCK + within + 1;
}

const TRACEBACK = [
  "Traceback (most recent call last):",
  '  File "/script/main.py", line 12, in <module>',
  "    totals = helpers.total(rows)",
  '  File "/script/helpers.py", line 2, in total',
  "    return sum(row['total'] for row in rows)",
  '  File "/usr/lib/python3.13/csv.py", line 118, in __next__',
  "    self.fieldnames",
  "KeyError: 'total'",
];
/** The line before which the only traceback begins, in a block of stderr. */
const TRACEBACK_AFTER = 6_400_090;

function textOf(number) {
  const nth = number - TRACEBACK_AFTER - 1;
  if (nth >= 0 && nth < TRACEBACK.length) return TRACEBACK[nth];
  if (number % 250_000 === 51) return `line ${number} ${LONG}`.slice(0, CUT_AT);
  const word = FILLER[number % FILLER.length];
  if (streamOf(number - 1) === "stderr")
    return `line ${number} \u001b[33mWARNING\u001b[0m row ${number * 7} has no customer; it was ${word} again after a pause`;
  return `line ${number} \u001b[32mok\u001b[0m ${word} ${(number * 37) % 1000} rows of orders.csv into the warehouse, batch ${number % 512}`;
}

/** `lines` answers how many there are by now. */
export function inventedSource(lines, startedAt, perSecond) {
  const make = (number) => ({
    line: number,
    at: new Date(startedAt + (number / perSecond) * 1000).toISOString(),
    stream: streamOf(number - 1),
    text: textOf(number),
    cut: number % 250_000 === 51 ? 1_000_000 : 0,
  });
  return {
    bytes: () => lines() * LINE_BYTES,
    count: (stream) => countOf(lines(), stream),
    line: (position, stream) => make(numberOf(position, stream)),
    text: (position, stream) => textOf(numberOf(position, stream)),
    positionOf: (number, stream) => countOf(number - 1, stream) + 1,
    positionAt: (at, stream) => countOf(Math.ceil(((Date.parse(at) - startedAt) / 1000) * perSecond) - 1, stream) + 1,
  };
}
