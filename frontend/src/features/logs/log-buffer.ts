// Turns records into lines and keeps the newest of them.
//
// Invariants: a record whose `seq` is not above the last one is ignored, so replays after a reconnect never repeat a
// line; a line may arrive in several records and is put together per stream, even when the other stream speaks in
// between; at most `maxLines` lines and `maxChars` characters are held, the oldest go first and are counted.
// Line objects are never changed, only replaced, so a view may compare them by identity.
// Knows nothing of sockets, React or colours.
import type { LogRecord } from "~/api/types";

export type LogStream = LogRecord["stream"];

export interface LogLine {
  /** 1 for the first line that was received. */
  readonly n: number;
  readonly stream: LogStream;
  readonly at: string;
  /** As printed, without its line end; escape sequences are still inside. */
  readonly text: string;
  /** Characters beyond the longest line that is kept. */
  readonly clipped: number;
}

export interface LogBufferOptions {
  maxLines?: number;
  maxChars?: number;
  maxLineChars?: number;
  flushMs?: number;
}

interface Tail {
  /** Number of the line that has had no line end yet. */
  open: number | null;
  /** The stream's last character was a carriage return: what follows decides whether it ends or overwrites the line. */
  carriage: boolean;
}

export class LogBuffer {
  /** Goes up when lines changed; listeners are told at most once per `flushMs`. */
  version = 0;
  lastSeq = -1;
  /** Lines that were received and are no longer held. */
  dropped = 0;
  received = 0;

  private lines: LogLine[] = [];
  private chars = 0;
  private tails = new Map<LogStream, Tail>();
  private listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly maxLines: number;
  private readonly maxChars: number;
  private readonly maxLineChars: number;
  private readonly flushMs: number;

  constructor(options: LogBufferOptions = {}) {
    this.maxLines = options.maxLines ?? 50_000;
    this.maxChars = options.maxChars ?? 32_000_000;
    this.maxLineChars = options.maxLineChars ?? 16_384;
    this.flushMs = options.flushMs ?? 100;
  }

  get count(): number {
    return this.lines.length;
  }

  /** Line at `index` of those held, 0 being the oldest. */
  line(index: number): LogLine | undefined {
    return this.lines[index];
  }

  text(): string {
    return this.lines.map((line) => line.text).join("\n");
  }

  /** Answers whether the record was new. */
  push(record: LogRecord): boolean {
    if (record.seq <= this.lastSeq) return false;
    this.lastSeq = record.seq;
    this.received++;
    this.split(record);
    this.trim();
    this.timer ??= setTimeout(() => this.flush(), this.flushMs);
    return true;
  }

  /** Tells the listeners now; called by the timer, and at the end of a log. */
  flush() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.version++;
    for (const listener of this.listeners) listener();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  dispose() {
    clearTimeout(this.timer);
    this.listeners.clear();
  }

  private split(record: LogRecord) {
    const tail = this.tailOf(record.stream);
    // A record of ours (a notice about skipped bytes, say) is a line by itself whether or not it ends one.
    const text = record.stream === "system" && !record.text.endsWith("\n") ? `${record.text}\n` : record.text;
    const pieces = text.split("\n");
    const lastIndex = pieces.length - 1;
    for (const [index, piece] of pieces.entries()) {
      const ended = index < lastIndex;
      if (!ended && piece === "") break;
      let body = piece;
      let overwrite = false;
      if (tail.carriage) {
        overwrite = !(ended && body === "");
        tail.carriage = false;
      }
      const carriage = body.endsWith("\r");
      if (carriage) body = body.slice(0, -1);
      const restart = body.lastIndexOf("\r");
      if (restart >= 0) {
        overwrite = true;
        body = body.slice(restart + 1);
      }
      this.write(record, tail, body, overwrite);
      if (ended) tail.open = null;
      else tail.carriage = carriage;
    }
  }

  private write(record: LogRecord, tail: Tail, body: string, overwrite: boolean) {
    const index = tail.open === null ? -1 : tail.open - this.dropped - 1;
    const open = this.lines[index];
    if (!open) {
      tail.open = this.dropped + this.lines.length + 1;
      const line = this.clip({ n: tail.open, stream: record.stream, at: record.at, text: body, clipped: 0 });
      this.lines.push(line);
      this.chars += line.text.length;
      return;
    }
    const text = overwrite ? body : open.text + body;
    const line = this.clip({ ...open, text, clipped: overwrite ? 0 : open.clipped });
    this.lines[index] = line;
    this.chars += line.text.length - open.text.length;
  }

  private clip(line: LogLine): LogLine {
    const over = line.text.length - this.maxLineChars;
    return over <= 0 ? line : { ...line, text: line.text.slice(0, this.maxLineChars), clipped: line.clipped + over };
  }

  /** Drops in steps of a tenth, so that a flood does not move the whole array for every record. */
  private trim() {
    if (this.lines.length <= this.maxLines && this.chars <= this.maxChars) return;
    let count = Math.max(this.lines.length - this.maxLines, 0) + Math.floor(this.maxLines / 10);
    let chars = 0;
    for (let i = 0; i < Math.min(count, this.lines.length); i++) chars += this.lines[i]?.text.length ?? 0;
    while (this.chars - chars > this.maxChars && count < this.lines.length - 1)
      chars += this.lines[count++]?.text.length ?? 0;
    count = Math.min(count, this.lines.length - 1);
    this.lines.splice(0, count);
    this.dropped += count;
    this.chars = this.lines.reduce((sum, line) => sum + line.text.length, 0);
  }

  private tailOf(stream: LogStream): Tail {
    let tail = this.tails.get(stream);
    if (!tail) {
      tail = { open: null, carriage: false };
      this.tails.set(stream, tail);
    }
    return tail;
  }
}
