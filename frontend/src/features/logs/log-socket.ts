// The live connection to one run: asks for what comes after the last record it has seen, comes back after a loss, and
// ends when the server has told the finished state. Plain TypeScript; the socket's class is an argument for the tests.
import type { LiveFrame, LogRecord, Run, Sample } from "~/api/types";
import { backoff } from "~/lib/backoff";

export type LogStatus = "connecting" | "live" | "lost" | "ended";

export interface LogSocketOptions {
  /** Address without the query. */
  url: string;
  onRecord(record: LogRecord): void;
  onRun(run: Run): void;
  /** What was measured since the last time. */
  onSamples?(samples: readonly Sample[]): void;
  onStatus(status: LogStatus): void;
  /** Sequence number of the last record already at hand. */
  lastSeq(): number;
  socket?: new (url: string) => WebSocket;
  wait?: (attempt: number) => number;
}

export class LogSocket {
  private socket: WebSocket | null = null;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private over = false;

  constructor(private readonly options: LogSocketOptions) {}

  open() {
    if (this.over) return;
    const after = this.options.lastSeq();
    const Socket = this.options.socket ?? WebSocket;
    const socket = new Socket(after >= 0 ? `${this.options.url}?after=${after}` : this.options.url);
    this.socket = socket;
    socket.onopen = () => {
      this.attempt = 0;
      this.options.onStatus("live");
    };
    socket.onmessage = (message) => {
      if (!this.over && socket === this.socket && typeof message.data === "string") this.take(message.data);
    };
    socket.onclose = () => {
      if (this.over || socket !== this.socket) return;
      this.options.onStatus("lost");
      this.retry = setTimeout(() => this.open(), (this.options.wait ?? backoff)(this.attempt++));
    };
  }

  close() {
    this.over = true;
    clearTimeout(this.retry);
    this.socket?.close();
    this.socket = null;
  }

  private take(data: string) {
    const frame = JSON.parse(data) as LiveFrame;
    if (frame.type === "records") {
      for (const record of frame.records) this.options.onRecord(record);
    } else if (frame.type === "samples") {
      this.options.onSamples?.(frame.samples);
    } else if (frame.type === "state") {
      this.options.onRun(frame.run);
      if (frame.run.state === "finished") {
        this.options.onStatus("ended");
        this.close();
      }
    }
  }
}
