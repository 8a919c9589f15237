import { describe, expect, it } from "vitest";
import type { Run } from "~/api/types";
import { lines, NOTHING, pieces, withFrames } from "./findings";
import { linesOf } from "./lines";

const run = (number: number) => ({ number, queued_at: `2026-03-0${number}T00:00:00Z` }) as Run;
const parts = (...bits: Parameters<typeof pieces>) =>
  pieces(...bits).map(({ text, hit }) => (hit ? `[${text}]` : text));

describe("an excerpt", () => {
  it("is cut at what matched", () => {
    expect(
      parts("no such file, no such day", [
        [3, 7],
        [17, 21],
      ]),
    ).toEqual(["no ", "[such]", " file, no ", "[such]", " day"]);
    expect(parts("all", [[0, 3]])).toEqual(["[all]"]);
    expect(parts("none", [])).toEqual(["none"]);
  });
  it("bears ranges that overlap or reach too far", () => {
    expect(
      parts("abcdef", [
        [2, 4],
        [3, 99],
        [50, 60],
      ]),
    ).toEqual(["ab", "[cd]", "[ef]"]);
  });
});

describe("findings", () => {
  it("grow by frames, and count on from an earlier part", () => {
    const first = withFrames(NOTHING, NOTHING, [
      { type: "run", run: run(5), matches: 7, lines: [] },
      { type: "progress", searched_runs: 40, searched_bytes: 1000, before: "2026-03-04T00:00:00Z" },
    ]);
    expect(first).toMatchObject({ searchedRuns: 40, before: "2026-03-04T00:00:00Z", stopped: null });
    const second = withFrames(first, first, [
      { type: "run", run: run(3), matches: 2, lines: [] },
      { type: "progress", searched_runs: 10, searched_bytes: 500 },
      { type: "done", stopped: "limit of time" },
    ]);
    expect(second).toMatchObject({
      searchedRuns: 50,
      searchedBytes: 1500,
      before: run(3).queued_at,
      stopped: "limit of time",
    });
    expect(lines(second)).toBe(9);
  });
});

describe("lines of a body", () => {
  const all = async (lines: AsyncIterable<string>) => {
    const list: string[] = [];
    for await (const line of lines) list.push(line);
    return list;
  };
  const body = (...chunks: Uint8Array[]) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
  it("come whole, wherever the chunks are cut", async () => {
    const bytes = new TextEncoder().encode('{"a":"é"}\n\n{"b":1}\nlast');
    const chunks = Array.from(bytes, (_, index) => bytes.slice(index, index + 1));
    expect(await all(linesOf(body(...chunks)))).toEqual(['{"a":"é"}', '{"b":1}', "last"]);
  });
  it("let go of the body when the reader leaves", async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode("line\n")),
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const _ of linesOf(endless)) break;
    expect(cancelled).toBe(true);
  });
});
