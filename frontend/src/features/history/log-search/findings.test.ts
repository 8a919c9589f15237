import { describe, expect, it } from "vitest";
import type { Run } from "~/api/types";
import { lines, NOTHING, withFrames } from "./findings";

const run = (number: number) => ({ number, queued_at: `2026-03-0${number}T00:00:00Z` }) as Run;

describe("findings", () => {
  it("grow by frames, and count on from an earlier part", () => {
    const first = withFrames(NOTHING, NOTHING, [
      { type: "run", run: run(5), matches: 7, lines: [], cursor: "five" },
      { type: "progress", searched_runs: 40, searched_bytes: 1000, before: "2026-03-04T00:00:00Z", cursor: "four" },
    ]);
    expect(first).toMatchObject({ searchedRuns: 40, before: "2026-03-04T00:00:00Z", cursor: "four" });
    const second = withFrames(first, first, [
      { type: "run", run: run(3), matches: 2, lines: [], cursor: "three" },
      { type: "done", searched_runs: 10, searched_bytes: 500 },
    ]);
    expect(second).toMatchObject({
      searchedRuns: 50,
      searchedBytes: 1500,
      before: run(3).queued_at,
      cursor: "three",
    });
    expect(lines(second)).toBe(9);
  });
});
