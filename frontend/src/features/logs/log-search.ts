// One search at a time in one log: what is asked, what was found so far, where the reader is in it. Results come in as
// a stream, the newest first, and are told to the view a few times a second. What lies beyond the list of the server is
// asked for when the reader gets there.
//
// Invariants: matches are in the order of the server (newest first) and each line is listed once; at most `MOST` are
// held; a search that was replaced or closed tells nothing more.
import type { LogStream, SearchFrame, SearchMatch, SearchWords } from "./contract";
import type { SearchRequest } from "./log-requests";

/** Matches that are listed; the counting goes on beyond them. */
const PAGE = 1000;
const MOST = 10_000;
const TELL_MS = 120;

export type SearchPhase = "idle" | "searching" | "done" | "failed";

export interface SearchState {
  words: SearchWords;
  phase: SearchPhase;
  matches: readonly SearchMatch[];
  /** Lines that match, listed or not. */
  count: number;
  /** Of the bytes, from 0 to 1. */
  progress: number;
  error: unknown;
  /** Index of the match the reader is at; -1 for none. */
  current: number;
}

export type Searcher = (
  request: SearchRequest,
  signal: AbortSignal,
  take: (frame: SearchFrame) => void,
) => Promise<void>;

const IDLE: SearchState = {
  words: { q: "", regex: false, matchCase: false },
  phase: "idle",
  matches: [],
  count: 0,
  progress: 0,
  error: null,
  current: -1,
};

export class LogSearch {
  private state = IDLE;
  private stream: LogStream | null = null;
  private byLine = new Map<number, SearchMatch>();
  private flight: AbortController | null = null;
  private paging = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private next: Partial<SearchState> = {};
  private found: SearchMatch[] = [];
  private listeners = new Set<() => void>();

  constructor(private readonly searcher: Searcher) {}

  get = (): SearchState => this.state;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  matchOf(line: number): SearchMatch | undefined {
    return this.byLine.get(line);
  }

  start(words: SearchWords, stream: LogStream | null) {
    this.clear();
    this.stream = stream;
    if (words.q === "") return this.set({ words });
    this.set({ words, phase: "searching" });
    void this.run({ ...words, stream, limit: PAGE }, true);
  }

  /** Ends the search; nothing is marked any more. */
  close() {
    this.clear();
    this.set({});
  }

  select(index: number) {
    if (index >= 0 && index < this.state.matches.length) this.set({ current: index });
  }

  /** Goes to an older match (1) or a newer one (-1), round at the ends. Answers where that is. */
  step(by: 1 | -1): SearchMatch | null {
    const { matches, current, phase } = this.state;
    if (matches.length === 0) return null;
    let index = current + by;
    if (index >= matches.length) {
      if (this.hasMore || phase === "searching") {
        void this.more();
        return null;
      }
      index = 0;
    }
    if (index < 0) index = matches.length - 1;
    this.set({ current: index });
    return matches[index] ?? null;
  }

  get hasMore(): boolean {
    const { matches, count } = this.state;
    return matches.length < count && matches.length < MOST;
  }

  /** Lists older matches than those listed. */
  async more(): Promise<void> {
    const oldest = this.state.matches.at(-1);
    if (!oldest || this.paging || this.state.phase !== "done" || !this.hasMore) return;
    this.paging = true;
    await this.run({ ...this.state.words, stream: this.stream, limit: PAGE, before: oldest.line }, false);
    this.paging = false;
  }

  private async run(request: SearchRequest, counts: boolean) {
    const flight = new AbortController();
    this.flight = flight;
    let whole = false;
    try {
      await this.searcher(request, flight.signal, (frame) => {
        if (flight.signal.aborted) return;
        if (frame.type === "failed") throw new Error(frame.message);
        whole ||= frame.type === "done";
        this.take(frame, counts);
      });
      if (flight.signal.aborted) return;
      if (!whole) throw new Error("The search broke off");
      this.later(counts ? { phase: "done", progress: 1 } : {});
    } catch (error) {
      if (flight.signal.aborted) return;
      this.later({ phase: "failed", error });
    }
    this.flush();
  }

  private take(frame: Exclude<SearchFrame, { type: "failed" }>, counts: boolean) {
    if (frame.type === "matches") {
      for (const match of frame.lines) {
        if (this.byLine.has(match.line) || this.byLine.size >= MOST) continue;
        this.byLine.set(match.line, match);
        this.found.push(match);
      }
      const listed = this.state.matches.length + this.found.length;
      this.later(counts ? { count: Math.max(this.next.count ?? this.state.count, listed) } : {});
    } else if (!counts) {
      return;
    } else if (frame.type === "progress") {
      const progress = frame.total_bytes > 0 ? Math.min(1, frame.searched_bytes / frame.total_bytes) : 1;
      this.later({ count: frame.matches, progress });
    } else {
      this.later({ count: frame.matches });
    }
  }

  private later(change: Partial<SearchState>) {
    Object.assign(this.next, change);
    this.timer ??= setTimeout(() => this.flush(), TELL_MS);
  }

  private flush() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const change = this.next;
    this.next = {};
    const matches = this.found.length > 0 ? [...this.state.matches, ...this.found] : this.state.matches;
    this.found = [];
    this.set({ ...change, matches });
  }

  private clear() {
    this.flight?.abort();
    this.flight = null;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.next = {};
    this.found = [];
    this.byLine = new Map();
    this.state = IDLE;
  }

  private set(change: Partial<SearchState>) {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}
