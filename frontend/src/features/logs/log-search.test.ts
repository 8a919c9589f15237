import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SearchFrame, SearchMatch } from "./contract";
import type { SearchRequest } from "./log-requests";
import { LogSearch } from "./log-search";

const match = (line: number): SearchMatch => ({
  line,
  position: line,
  at: "2026-03-01T10:00:00Z",
  stream: "stdout",
  text: `line ${line}`,
  ranges: [[0, 4]],
});
const words = { q: "line", regex: false, matchCase: false };

interface Call {
  request: SearchRequest;
  signal: AbortSignal;
  take: (frame: SearchFrame) => void;
  done: () => void;
  fail: (error: unknown) => void;
}
let calls: Call[];
let search: LogSearch;
beforeEach(() => {
  vi.useFakeTimers();
  calls = [];
  search = new LogSearch(
    (request, signal, take) => new Promise<void>((done, fail) => calls.push({ request, signal, take, done, fail })),
  );
});
afterEach(() => vi.useRealTimers());
const tick = (ms = 200) => vi.advanceTimersByTimeAsync(ms);

describe("LogSearch", () => {
  it("tells what was found as it comes, a few times a second", async () => {
    let told = 0;
    search.start(words, null);
    search.subscribe(() => told++);
    for (let line = 500; line > 100; line--) calls[0]?.take({ type: "matches", lines: [match(line)] });
    calls[0]?.take({ type: "progress", searched_bytes: 50, total_bytes: 200, matches: 600, listed: 0 });
    await tick();
    expect(told).toBe(1);
    expect(search.get()).toMatchObject({ phase: "searching", count: 600, progress: 0.25 });
    expect(search.get().matches[0]?.line).toBe(500);
    calls[0]?.take({ type: "done", searched_bytes: 9, total_bytes: 9, matches: 700, listed: 400 });
    calls[0]?.done();
    await tick();
    expect(search.get()).toMatchObject({ phase: "done", count: 700, progress: 1 });
    expect(search.matchOf(321)?.line).toBe(321);
  });

  it("replaces and closes without a trace", async () => {
    search.start(words, null);
    search.start({ ...words, q: "other" }, "stderr");
    expect(calls[0]?.signal.aborted).toBe(true);
    calls[0]?.take({ type: "matches", lines: [match(1)] });
    await tick();
    expect(search.get().matches).toEqual([]);
    expect(calls[1]?.request).toMatchObject({ q: "other", stream: "stderr" });
    search.close();
    expect(calls[1]?.signal.aborted).toBe(true);
    expect(search.get().phase).toBe("idle");
  });

  it("goes to older and newer matches, and round", async () => {
    search.start(words, null);
    calls[0]?.take({ type: "matches", lines: [9, 5, 2].map(match) });
    calls[0]?.take({ type: "done", searched_bytes: 9, total_bytes: 9, matches: 3, listed: 3 });
    calls[0]?.done();
    await tick();
    expect([search.step(1), search.step(1), search.step(1), search.step(1)].map((each) => each?.line)).toEqual([
      9, 5, 2, 9,
    ]);
    expect(search.step(-1)?.line).toBe(2);
  });

  it("lists further matches when the reader gets to the end of the list", async () => {
    search.start(words, null);
    calls[0]?.take({ type: "matches", lines: [9, 8].map(match) });
    calls[0]?.take({ type: "done", searched_bytes: 9, total_bytes: 9, matches: 5, listed: 2 });
    calls[0]?.done();
    await tick();
    search.step(1);
    search.step(1);
    expect(search.step(1)).toBeNull();
    expect(calls[1]?.request.before).toBe(8);
    calls[1]?.take({ type: "matches", lines: [8, 7, 6].map(match) });
    calls[1]?.take({ type: "done", searched_bytes: 9, total_bytes: 9, matches: 3, listed: 3 });
    calls[1]?.done();
    await tick();
    expect(search.get().count).toBe(5);
    expect(search.get().matches.map((each) => each.line)).toEqual([9, 8, 7, 6]);
    expect(search.step(1)?.line).toBe(7);
  });

  it("does not take a stream that broke off for the whole", async () => {
    search.start(words, null);
    calls[0]?.take({ type: "matches", lines: [match(3)] });
    calls[0]?.done();
    await tick();
    expect(search.get()).toMatchObject({ phase: "failed", error: new Error("The search broke off") });
    expect(search.get().matches).toHaveLength(1);
  });

  it("keeps the reason of a refusal", async () => {
    search.start({ ...words, regex: true, q: "(" }, null);
    calls[0]?.fail(new Error("unclosed group"));
    await tick();
    expect(search.get()).toMatchObject({ phase: "failed", error: new Error("unclosed group") });
  });
});
