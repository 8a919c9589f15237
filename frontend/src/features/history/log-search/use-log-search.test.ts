import { act, renderHook, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Run } from "~/api/types";
import type { SearchFrame } from "../contract";
import type { LogQuery } from "../requests";
import { MOST_RUNS } from "./findings";
import { useLogSearch } from "./use-log-search";

/** Each search: what was asked, and the hands to answer it with. */
const searches: { query: LogQuery; signal: AbortSignal; tell: (...frames: SearchFrame[]) => void; end: () => void }[] =
  [];

vi.mock("../requests", () => ({
  searchLogs: async function* (query: LogQuery, signal: AbortSignal) {
    const waiting: (SearchFrame | null)[] = [];
    let wake = () => {};
    const put = (frames: (SearchFrame | null)[]) => {
      waiting.push(...frames);
      wake();
    };
    searches.push({ query, signal, tell: (...frames) => put(frames), end: () => put([null]) });
    signal.addEventListener("abort", () => wake());
    for (;;) {
      if (signal.aborted) throw new DOMException("left", "AbortError");
      const next = waiting.shift();
      if (next === null) return;
      if (next) yield next;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  },
}));

const query = (text: string): LogQuery => ({ text, regex: false, matchCase: false, filters: { last: "7d" } });
const at = (number: number) => new Date(Date.UTC(2026, 0, 1) - number * 1000).toISOString();
const found = (number: number): SearchFrame => ({
  type: "run",
  run: { id: String(number), queued_at: at(number) } as Run,
  matches: 1,
  lines: [],
  cursor: `after ${number}`,
});
const search = (index: number) => {
  const one = searches[index];
  if (!one) throw new Error(`search ${index} was not made`);
  return one;
};

describe("a search in logs", () => {
  beforeEach(() => {
    searches.length = 0;
  });

  it("shows what comes, and is done when the server is", async () => {
    const { result } = renderHook(() => useLogSearch(query("x")));
    expect(result.current.state).toBe("searching");
    act(() => search(0).tell(found(1), { type: "progress", searched_runs: 9, searched_bytes: 90, before: at(9) }));
    await waitFor(() => expect(result.current.findings).toMatchObject({ searchedRuns: 9, before: at(9) }));
    act(() => {
      search(0).tell({ type: "done", searched_runs: 9, searched_bytes: 90 });
      search(0).end();
    });
    await waitFor(() => expect(result.current.state).toBe("done"));
    expect(result.current.findings).toMatchObject({ stopped: null, found: [{ matches: 1 }] });
  });

  it("is cancelled, and goes on with what is older", async () => {
    const { result } = renderHook(() => useLogSearch(query("x")));
    act(() => search(0).tell(found(1)));
    await waitFor(() => expect(result.current.findings.found).toHaveLength(1));
    act(() => result.current.cancel());
    expect(search(0).signal.aborted).toBe(true);
    expect(result.current).toMatchObject({ state: "done", findings: { stopped: "cancelled" } });
    act(() => result.current.goOn());
    expect(search(1).query).toEqual({ ...query("x"), cursor: "after 1" });
    act(() => {
      search(1).tell(found(2));
      search(1).end();
    });
    await waitFor(() => expect(result.current.state).toBe("done"));
    expect(result.current.findings.found.map(({ run }) => run.id)).toEqual(["1", "2"]);
  });

  it("ends by itself when it has found enough", async () => {
    const { result } = renderHook(() => useLogSearch(query("x")));
    act(() => search(0).tell(...Array.from({ length: MOST_RUNS + 5 }, (_, index) => found(index + 1))));
    await waitFor(() => expect(result.current.state).toBe("done"));
    expect(result.current.findings.found).toHaveLength(MOST_RUNS);
    expect(result.current.findings).toMatchObject({ stopped: "enough", before: at(MOST_RUNS) });
  });

  it("says that it cannot go on", async () => {
    const { result } = renderHook(() => useLogSearch(query("x")));
    act(() => search(0).tell(found(1), { type: "failed", message: "the disk is gone" }));
    await waitFor(() => expect(result.current.error).toMatchObject({ message: "the disk is gone" }));
    expect(result.current).toMatchObject({ state: "done", findings: { found: [{ matches: 1 }] } });
  });

  it("is left for another one, and for none", async () => {
    const { result, rerender } = renderHook(({ asked }) => useLogSearch(asked), {
      initialProps: { asked: query("x") as LogQuery | null },
    });
    act(() => search(0).tell(found(1)));
    rerender({ asked: query("y") });
    expect(search(0).signal.aborted).toBe(true);
    act(() => search(1).tell(found(2)));
    await waitFor(() => expect(result.current.findings.found.map(({ run }) => run.id)).toEqual(["2"]));
    rerender({ asked: null });
    await waitFor(() => expect(search(1).signal.aborted).toBe(true));
    expect(result.current).toMatchObject({ state: "idle", findings: { found: [] } });
  });
});
