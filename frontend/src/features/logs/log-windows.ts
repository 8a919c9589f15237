// The part of a log that is at hand: a bounded number of chunks of lines by position, the newest lines as they are
// pushed, and how long the whole is. What is looked at and missing is asked for.
//
// Invariants: at most `maxChunks` chunks and `maxChars` characters stay, those looked at longest ago go first, the
// wanted ones never; a chunk is asked for once at a time; what is no longer wanted is cancelled; totals never go back.
// Line objects are never changed, only replaced, so a view may compare them by identity.
// Knows nothing of sockets, addresses, React or pixels.
import { backoff } from "~/lib/backoff";
import type { LinesFrom, LinesWindow, LogLine, LogTotals } from "./contract";

export const CHUNK = 500;
/** Jumps within this time of each other become one request. */
const COALESCE_MS = 30;
/** A line that grows, or lines past the pushed tail, are asked for again at most this often. */
const AGAIN_MS = 500;

export type LineSource = (query: LinesFrom & { limit: number }, signal: AbortSignal) => Promise<LinesWindow>;

export interface LogWindowsLimits {
  maxChunks?: number;
  maxChars?: number;
}

interface Chunk {
  /** By place in the chunk; holes are not known yet. */
  lines: (LogLine | undefined)[];
  chars: number;
}

export class LogWindows implements LogTotals {
  /** Goes up when something changed. */
  version = 0;
  total = 0;
  lines_all = 0;
  bytes = 0;
  ended = false;
  /** Whether the server has told anything yet. */
  known = false;
  /** Why wanted lines are missing; they are asked for again all the same. */
  failure: unknown = null;

  /** In the order of use, the newest last. */
  private chunks = new Map<number, Chunk>();
  private chars = 0;
  private tail: { first: number; lines: readonly LogLine[] } = { first: 1, lines: [] };
  /** Lines on the screen that the pushed tail has left behind, until their chunk is here. */
  private held = new Map<number, LogLine>();
  private wanted = { from: 1, to: 0 };
  private flights = new Map<number, AbortController>();
  /** Chunks that are not to be asked for again before a moment. */
  private pauses = new Map<number, number>();
  private epoch = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pumpedAt = Number.NEGATIVE_INFINITY;
  private failures = 0;
  private listeners = new Set<() => void>();
  private readonly maxChunks: number;
  private readonly maxChars: number;

  constructor(
    private readonly source: LineSource,
    limits: LogWindowsLimits = {},
  ) {
    this.maxChunks = limits.maxChunks ?? 40;
    this.maxChars = limits.maxChars ?? 16_000_000;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  line(position: number): LogLine | undefined {
    const pushed = this.tail.lines[position - this.tail.first];
    return pushed ?? this.chunkLine(position) ?? this.held.get(position);
  }

  /** What is held, for the tests of the bounds. */
  get size(): { chunks: number; chars: number; held: number; asking: number } {
    return { chunks: this.chunks.size, chars: this.chars, held: this.held.size, asking: this.flights.size };
  }

  /** Says which positions are looked at; what is missing of them is asked for. */
  want(from: number, to: number) {
    if (from === this.wanted.from && to === this.wanted.to) return;
    this.wanted = { from, to };
    for (const position of this.held.keys()) if (!this.isWanted(position)) this.held.delete(position);
    for (const index of this.wantedChunks()) {
      const chunk = this.chunks.get(index);
      if (!chunk) continue;
      this.chunks.delete(index);
      this.chunks.set(index, chunk);
    }
    this.pump();
  }

  /** Takes the newest lines as the server pushes them. They replace those pushed before. */
  push(window: LinesWindow) {
    const before = this.tail;
    this.tail = { first: window.first, lines: window.lines };
    const from = Math.max(before.first, this.wanted.from);
    const to = Math.min(window.first - 1, before.first + before.lines.length - 1, this.wanted.to);
    for (let position = from; position <= to; position++) {
      const line = before.lines[position - before.first];
      if (line && !this.chunkLine(position)) this.held.set(position, line);
    }
    this.count(window);
    this.tell();
    this.pump();
  }

  /** Asks for a place that only the server can find, and answers with the window there. */
  async locate(where: LinesFrom, limit = 200): Promise<LinesWindow> {
    const { signal } = this.epoch;
    const window = await this.source({ ...where, limit }, signal);
    if (signal.aborted) throw new DOMException("The log is looked at in another way now", "AbortError");
    this.take(window);
    return window;
  }

  /** Forgets everything: another stream is looked at. */
  reset() {
    this.stop();
    this.epoch = new AbortController();
    this.chunks.clear();
    this.held.clear();
    this.tail = { first: 1, lines: [] };
    this.wanted = { from: 1, to: 0 };
    Object.assign(this, { chars: 0, total: 0, lines_all: 0, bytes: 0, ended: false, known: false, failure: null });
    this.failures = 0;
    this.tell();
  }

  stop() {
    this.epoch.abort();
    for (const flight of this.flights.values()) flight.abort();
    this.flights.clear();
    this.pauses.clear();
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private tell() {
    this.version++;
    for (const listener of this.listeners) listener();
  }

  private count(window: LogTotals) {
    this.known = true;
    this.total = Math.max(this.total, window.total);
    this.lines_all = Math.max(this.lines_all, window.lines_all);
    this.bytes = Math.max(this.bytes, window.bytes);
    this.ended ||= window.ended;
  }

  private take(window: LinesWindow) {
    this.count(window);
    window.lines.forEach((told, index) => {
      // Once nobody writes any more, a line without an end is as whole as it will ever be.
      const line = window.ended && told.open ? { ...told, open: false } : told;
      const at = window.first + index - 1;
      const key = Math.floor(at / CHUNK);
      let chunk = this.chunks.get(key);
      if (!chunk) {
        chunk = { lines: [], chars: 0 };
        this.chunks.set(key, chunk);
      }
      const before = chunk.lines[at % CHUNK]?.text.length ?? 0;
      chunk.lines[at % CHUNK] = line;
      chunk.chars += line.text.length - before;
      this.chars += line.text.length - before;
    });
    this.evict();
    this.tell();
  }

  private evict() {
    for (const [index, chunk] of this.chunks) {
      if (this.chunks.size <= this.maxChunks && this.chars <= this.maxChars) return;
      if (this.overlapsWanted(index)) continue;
      this.chunks.delete(index);
      this.chars -= chunk.chars;
    }
  }

  private chunkLine(position: number): LogLine | undefined {
    return this.chunks.get(Math.floor((position - 1) / CHUNK))?.lines[(position - 1) % CHUNK];
  }

  private isWanted(position: number): boolean {
    return position >= this.wanted.from && position <= this.wanted.to;
  }

  private overlapsWanted(index: number): boolean {
    return (index + 1) * CHUNK >= this.wanted.from && index * CHUNK + 1 <= this.wanted.to;
  }

  private wantedChunks(): number[] {
    const from = Math.max(1, this.wanted.from);
    const to = Math.min(this.total, this.wanted.to);
    if (to < from) return [];
    const first = Math.floor((from - 1) / CHUNK);
    const last = Math.floor((to - 1) / CHUNK);
    return Array.from({ length: last - first + 1 }, (_, step) => first + step);
  }

  /** Where to read a chunk from: its first hole, if something wanted in it is missing or may have grown. */
  private missing(index: number): number | null {
    const from = Math.max(index * CHUNK + 1, this.wanted.from);
    const to = Math.min((index + 1) * CHUNK, this.wanted.to, this.total);
    const chunk = this.chunks.get(index);
    for (let position = from; position <= to; position++) {
      if (this.tail.lines[position - this.tail.first]) continue;
      const line = this.chunkLine(position) ?? this.held.get(position);
      if (line && !line.open) continue;
      if (line) return position;
      const hole = chunk ? firstHole(chunk.lines) : 0;
      return Math.min(position, index * CHUNK + 1 + hole);
    }
    return null;
  }

  private pump() {
    if (this.timer !== undefined) return;
    const wait = this.pumpedAt + COALESCE_MS - Date.now();
    if (wait > 0) this.pumpIn(wait);
    else this.ask();
  }

  private pumpIn(ms: number) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.ask();
    }, ms);
  }

  private ask() {
    for (const [index, flight] of this.flights) {
      if (this.overlapsWanted(index)) continue;
      flight.abort();
      this.flights.delete(index);
    }
    for (const index of this.wantedChunks()) {
      const from = this.flights.has(index) ? null : this.missing(index);
      if (from === null) continue;
      const wait = (this.pauses.get(index) ?? 0) - Date.now();
      if (wait > 0) {
        this.pumpIn(wait);
        continue;
      }
      this.pauses.delete(index);
      this.pumpedAt = Date.now();
      void this.fetch(index, from);
    }
  }

  private async fetch(index: number, from: number) {
    const flight = new AbortController();
    this.flights.set(index, flight);
    try {
      const window = await this.source({ from, limit: (index + 1) * CHUNK - from + 1 }, flight.signal);
      if (flight.signal.aborted) return;
      this.flights.delete(index);
      this.failures = 0;
      this.failure = null;
      this.take(window);
      if (window.lines.length === 0 || window.lines.some((line) => line.open))
        this.pauses.set(index, Date.now() + AGAIN_MS);
      this.pump();
    } catch (error) {
      if (flight.signal.aborted) return;
      this.flights.delete(index);
      this.failure = error;
      this.tell();
      this.pumpIn(backoff(this.failures++));
    }
  }
}

function firstHole(lines: readonly (LogLine | undefined)[]): number {
  for (let index = 0; index < lines.length; index++) if (!lines[index]) return index;
  return lines.length;
}
