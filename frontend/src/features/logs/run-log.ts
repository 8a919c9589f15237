// The log of one run as it is looked at: the windows of its lines, what feeds them (the live socket while the run
// lives, one question for its end when it is over), and which stream is looked at. Passes on the measurements that
// come over the same socket.
import type { Run, Sample } from "~/api/types";
import { socketUrl } from "~/lib/backoff";
import { createStore } from "~/lib/store";
import type { LogStream } from "./contract";
import { fetchLines } from "./log-requests";
import { LogSocket, type LogStatus } from "./log-socket";
import { LogWindows } from "./log-windows";

/** Newest lines that are pushed: more than a tall screen shows. */
const TAIL_LINES = 200;
/** Live measurements that are held; older ones are asked for again when they are wanted. */
const SAMPLES = 2000;

export class RunLog {
  readonly windows: LogWindows;
  readonly status = createStore<LogStatus>("connecting");
  /** Why nothing of the log could be read. */
  readonly failure = createStore<unknown>(null);
  /** The stream that is looked at, or all of them. */
  readonly stream = createStore<LogStream | null>(null);
  /** What was measured while this page listened, oldest first. */
  readonly samples = createStore<readonly Sample[]>([]);
  private socket: LogSocket | null = null;
  private started = false;

  constructor(
    private readonly run: Run,
    private readonly onRun: (run: Run) => void,
  ) {
    this.windows = new LogWindows((query, signal) =>
      fetchLines(run.id, { ...query, stream: this.stream.get() }, signal),
    );
  }

  start() {
    this.started = true;
    if (this.run.state === "finished" || this.status.get() === "ended") void this.read();
    else this.follow();
  }

  stop() {
    this.started = false;
    this.socket?.close();
    this.windows.stop();
  }

  /** Looks at one stream alone, or at all of them. */
  show(stream: LogStream | null) {
    if (stream === this.stream.get()) return;
    this.socket?.close();
    this.stream.set(stream);
    this.failure.set(null);
    this.windows.reset();
    if (this.started) this.start();
  }

  retry() {
    this.failure.set(null);
    void this.read();
  }

  private follow() {
    const query = new URLSearchParams({ tail: String(TAIL_LINES), samples: "true" });
    const stream = this.stream.get();
    if (stream) query.set("stream", stream);
    this.socket = new LogSocket({
      url: `${socketUrl(`/api/v1/runs/${encodeURIComponent(this.run.id)}/live`)}?${query}`,
      onTail: (tail) => this.windows.push(tail),
      onRun: this.onRun,
      onSamples: (samples) => this.samples.set([...this.samples.get(), ...samples].slice(-SAMPLES)),
      onStatus: this.status.set,
    });
    this.socket.open();
  }

  private async read() {
    try {
      await this.windows.locate({ tail: true }, TAIL_LINES);
      this.status.set("ended");
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      this.failure.set(error);
    }
  }
}
