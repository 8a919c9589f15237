// The live connection to one run: pushes the newest lines and how long the log is, comes back after a loss, and ends
// when the server has told the finished state. Plain TypeScript; the socket's class is an argument for the tests.
import type { LiveFrame, Run, Sample } from "~/api/types";
import { backoff } from "~/lib/backoff";
import type { LinesWindow, TailFrame } from "./contract";

export type LogStatus = "connecting" | "live" | "lost" | "ended";

export interface LogSocketOptions {
  url: string;
  onTail(tail: LinesWindow): void;
  onRun(run: Run): void;
  /** What was measured since the last time. */
  onSamples?(samples: readonly Sample[]): void;
  onStatus(status: LogStatus): void;
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
    const Socket = this.options.socket ?? WebSocket;
    const socket = new Socket(this.options.url);
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
    const frame = JSON.parse(data) as LiveFrame | TailFrame;
    if (frame.type === "tail") {
      this.options.onTail(frame);
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
