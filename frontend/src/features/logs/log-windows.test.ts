import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LinesFrom, LinesWindow, LogLine } from "./contract";
import { LogWindows } from "./log-windows";

const line = (n: number, more: Partial<LogLine> = {}): LogLine => ({
  line: n,
  at: "2026-03-01T10:00:00Z",
  stream: "stdout",
  text: `line ${n}`,
  cut: 0,
  ...more,
});

/** A server with a log of `total` lines; answers wait until they are let go. */
function server(total: number) {
  const asked: { from: number; limit: number; signal: AbortSignal }[] = [];
  const answers: (() => void)[] = [];
  const log = {
    total,
    ended: false,
    bytes: 1000,
    more: (_n: number): Partial<LogLine> => ({}),
    fails: 0,
    asked,
    window(first: number, limit: number): LinesWindow {
      const lines = Array.from({ length: Math.max(0, Math.min(limit, log.total - first + 1)) }, (_, i) =>
        line(first + i, log.more(first + i)),
      );
      return { first, lines, total: log.total, lines_all: log.total, bytes: log.bytes, ended: log.ended };
    },
    source: (query: LinesFrom & { limit: number }, signal: AbortSignal): Promise<LinesWindow> => {
      const from =
        "from" in query ? query.from : "line" in query ? query.line : Math.max(1, log.total - query.limit + 1);
      asked.push({ from, limit: query.limit, signal });
      return new Promise((resolve, reject) => {
        const fails = log.fails-- > 0;
        answers.push(() => (fails ? reject(new Error("away")) : resolve(log.window(from, query.limit))));
      });
    },
    async answer() {
      for (const each of answers.splice(0)) each();
      await vi.advanceTimersByTimeAsync(0);
    },
    async settle() {
      for (let i = 0; i < 20; i++) {
        await log.answer();
        await vi.advanceTimersByTimeAsync(40);
      }
    },
    tail: (count = 200) => log.window(Math.max(1, log.total - count + 1), count),
  };
  return log;
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("LogWindows", () => {
  it("asks for the chunk of what is looked at, once", async () => {
    const log = server(10_000);
    const windows = new LogWindows(log.source);
    windows.push(log.tail());
    windows.want(4990, 5040);
    windows.want(4991, 5041);
    await vi.advanceTimersByTimeAsync(100);
    expect(log.asked.map(({ from, limit }) => [from, limit])).toEqual([
      [4501, 500],
      [5001, 500],
    ]);
    expect(windows.line(5000)).toBeUndefined();
    await log.settle();
    expect(windows.line(4501)?.text).toBe("line 4501");
    expect(windows.line(5041)?.text).toBe("line 5041");
    expect(log.asked).toHaveLength(2);
  });

  it("cancels what was scrolled past, and asks once for what a fast scroll ends at", async () => {
    const log = server(1_000_000);
    const windows = new LogWindows(log.source);
    windows.push(log.tail());
    windows.want(1001, 1040);
    for (let from = 2001; from < 900_000; from += 5000) windows.want(from, from + 40);
    await vi.advanceTimersByTimeAsync(100);
    expect(log.asked).toHaveLength(2);
    expect(log.asked[0]?.signal.aborted).toBe(true);
    expect(log.asked[1]?.from).toBe(897_001);
    await log.settle();
    expect(windows.line(1001)).toBeUndefined();
    expect(windows.size.asking).toBe(0);
  });

  it("stays within its bounds, and never lets go of what is looked at", async () => {
    const log = server(1_000_000);
    log.more = () => ({ text: "x".repeat(100) });
    const windows = new LogWindows(log.source, { maxChunks: 5, maxChars: 150_000 });
    windows.push(log.tail());
    for (let from = 1; from < 100_000; from += 2500) {
      windows.want(from, from + 60);
      await log.settle();
      expect(windows.line(from)).toBeDefined();
      expect(windows.size.chunks).toBeLessThanOrEqual(5);
      expect(windows.size.chars).toBeLessThanOrEqual(150_000);
    }
    expect(windows.line(1)).toBeUndefined();
  });

  it("keeps what was looked at last", async () => {
    const log = server(100_000);
    const windows = new LogWindows(log.source, { maxChunks: 2 });
    windows.push(log.tail());
    for (const from of [1, 1001, 1, 2001]) {
      windows.want(from, from + 10);
      await log.settle();
    }
    expect(windows.line(1)).toBeDefined();
    expect(windows.line(1001)).toBeUndefined();
  });

  it("reads a flood from what is pushed and keeps none of it", async () => {
    const log = server(1000);
    const windows = new LogWindows(log.source);
    for (let i = 0; i < 100; i++) {
      windows.push(log.tail());
      windows.want(log.total - 50, log.total);
      expect(windows.line(log.total)?.line).toBe(log.total);
      log.total += 100_000;
    }
    await vi.advanceTimersByTimeAsync(1000);
    expect(log.asked).toHaveLength(0);
    expect(windows.size).toMatchObject({ chunks: 0, chars: 0 });
    expect(windows.size.held).toBeLessThanOrEqual(51);
  });

  it("goes on showing what the tail leaves behind while it is looked at", async () => {
    const log = server(1000);
    const windows = new LogWindows(log.source);
    windows.push(log.tail());
    windows.want(960, 1000);
    log.total = 50_000;
    windows.push(log.tail());
    await vi.advanceTimersByTimeAsync(100);
    expect(windows.line(960)?.text).toBe("line 960");
    expect(windows.line(1000)?.text).toBe("line 1000");
    expect(log.asked).toHaveLength(0);
    windows.want(1, 40);
    expect(windows.line(960)).toBeUndefined();
  });

  it("reads on where a chunk ended when the log was shorter", async () => {
    const log = server(620);
    const windows = new LogWindows(log.source);
    windows.push(log.tail(20));
    windows.want(501, 600);
    await log.settle();
    log.total = 900;
    windows.push(log.tail(20));
    windows.want(600, 700);
    await log.settle();
    expect(log.asked.map(({ from }) => from)).toEqual([501, 621]);
    expect(windows.line(700)?.line).toBe(700);
  });

  it("reads a line that may have grown again, but not without pause", async () => {
    const log = server(600);
    log.more = (n) => (n === 300 ? { text: "half", open: true } : {});
    const windows = new LogWindows(log.source);
    windows.push(log.tail(10));
    windows.want(290, 310);
    await log.answer();
    await vi.advanceTimersByTimeAsync(400);
    expect(log.asked).toHaveLength(1);
    log.more = (n) => (n === 300 ? { text: "half and half" } : {});
    await vi.advanceTimersByTimeAsync(200);
    expect(log.asked).toHaveLength(2);
    expect(log.asked[1]?.from).toBe(300);
    await log.settle();
    expect(windows.line(300)?.text).toBe("half and half");
    expect(log.asked).toHaveLength(2);
  });

  it("takes a line without an end for whole once the log has ended", async () => {
    const log = server(600);
    log.ended = true;
    log.more = (n) => (n === 300 ? { open: true } : {});
    const windows = new LogWindows(log.source);
    windows.push(log.tail(10));
    windows.want(290, 310);
    await log.settle();
    await vi.advanceTimersByTimeAsync(2000);
    expect(log.asked).toHaveLength(1);
  });

  it("does not ask without end for what the server does not give", async () => {
    const log = server(600);
    const windows = new LogWindows(async (query, signal) => ({ ...(await log.source(query, signal)), lines: [] }));
    windows.push(log.tail(10));
    windows.want(1, 20);
    for (let i = 0; i < 50; i++) {
      await log.answer();
      await vi.advanceTimersByTimeAsync(20);
    }
    expect(log.asked.length).toBeLessThanOrEqual(4);
  });

  it("says why something is missing, and tries again", async () => {
    const log = server(600);
    log.fails = 1;
    const windows = new LogWindows(log.source);
    windows.push(log.tail(10));
    windows.want(1, 20);
    await log.answer();
    expect(windows.failure).toEqual(new Error("away"));
    await vi.advanceTimersByTimeAsync(1000);
    await log.settle();
    expect(windows.failure).toBeNull();
    expect(windows.line(20)?.line).toBe(20);
  });

  it("finds a place, and forgets everything when another stream is looked at", async () => {
    const log = server(5000);
    const windows = new LogWindows(log.source);
    const found = windows.locate({ line: 3210 }, 100);
    await log.answer();
    expect((await found).first).toBe(3210);
    expect(windows.line(3250)?.line).toBe(3250);
    expect(windows.total).toBe(5000);
    const late = windows.locate({ line: 1 });
    windows.reset();
    expect(windows).toMatchObject({ total: 0, known: false, bytes: 0 });
    expect(windows.line(3250)).toBeUndefined();
    const ignored = expect(late).rejects.toThrow();
    await log.answer();
    await ignored;
    expect(windows.total).toBe(0);
  });

  it("never goes back in its totals", () => {
    const log = server(5000);
    const windows = new LogWindows(log.source);
    windows.push(log.tail());
    log.total = 10;
    windows.push(log.tail());
    expect(windows.total).toBe(5000);
  });
});
