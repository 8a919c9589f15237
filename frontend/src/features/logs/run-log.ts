// The log of one run, from wherever it is best read: the live socket while the run lives, one download of its end
// when it is over. Owns the buffer and what feeds it, and passes on the measurements that come over the same socket.
import { raw } from "~/api/client";
import type { LogRecord, Run, Sample } from "~/api/types";
import { socketUrl } from "~/lib/backoff";
import { createStore } from "~/lib/store";
import { LogBuffer } from "./log-buffer";
import { LogSocket, type LogStatus } from "./log-socket";

/** Records of a finished run that are loaded; what is before them stays on disk. */
export const TAIL_RECORDS = 20_000;
/** Live measurements that are held; older ones are asked for again when they are wanted. */
const SAMPLES = 2000;

export class RunLog {
  readonly buffer = new LogBuffer();
  readonly status = createStore<LogStatus>("connecting");
  readonly failure = createStore<unknown>(null);
  /** Records of the run that lie before the first one held here. */
  readonly earlier = createStore<number>(0);
  /** What was measured while this page listened, oldest first. */
  readonly samples = createStore<readonly Sample[]>([]);
  private socket: LogSocket | null = null;
  private readonly abort = new AbortController();

  constructor(
    private readonly run: Run,
    private readonly onRun: (run: Run) => void,
  ) {}

  start() {
    if (this.run.state === "finished") void this.read();
    else this.follow();
  }

  stop() {
    this.abort.abort();
    this.socket?.close();
    this.buffer.dispose();
  }

  private follow() {
    this.socket = new LogSocket({
      url: socketUrl(`/api/v1/runs/${encodeURIComponent(this.run.id)}/live`),
      lastSeq: () => this.buffer.lastSeq,
      onRecord: (record) => this.buffer.push(record),
      onRun: (run) => {
        if (run.state === "finished") this.buffer.flush();
        this.onRun(run);
      },
      onSamples: (samples) => this.samples.set([...this.samples.get(), ...samples].slice(-SAMPLES)),
      onStatus: this.status.set,
    });
    this.socket.open();
  }

  private async read() {
    try {
      const path = `/runs/${encodeURIComponent(this.run.id)}/log?format=ndjson&tail=${TAIL_RECORDS}`;
      const response = await raw(path, { signal: this.abort.signal });
      if (response.body) await readLines(response.body, (line) => this.buffer.push(JSON.parse(line) as LogRecord));
      this.earlier.set(Math.max(0, (this.run.log?.records ?? 0) - this.buffer.received));
    } catch (error) {
      if (this.abort.signal.aborted) return;
      this.failure.set(error);
    }
    this.status.set("ended");
    this.buffer.flush();
  }
}

/** Calls `take` for every non-empty line of a text stream. */
export async function readLines(body: ReadableStream<Uint8Array>, take: (line: string) => void) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + (done ? decoder.decode() : decoder.decode(value, { stream: true }))).split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    for (const line of lines) if (line) take(line);
    if (done) return;
  }
}
