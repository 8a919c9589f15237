import { describe, expect, it } from "vitest";
import type { Run, Sample } from "~/api/types";
import { rightSize } from "./right-size";
import { cpuShares, formatAxisTime, mergeSamples, summarise, thin } from "./samples";

const sample = (elapsed_ms: number, cpu_ms = 0, memory_bytes = 0, pids = 1): Sample => ({
  at: "2026-03-01T10:00:00Z",
  elapsed_ms,
  memory_bytes,
  cpu_ms,
  pids,
});

describe("mergeSamples", () => {
  it("takes what both have once, in time", () => {
    const merged = mergeSamples([sample(0), sample(1000)], [sample(2000), sample(1000), sample(500)]);
    expect(merged.map((each) => each.elapsed_ms)).toEqual([0, 500, 1000, 2000]);
  });
});

describe("cpuShares", () => {
  it("come from what was used between two samples", () => {
    expect(cpuShares([sample(1000, 500), sample(2000, 1500), sample(4000, 1500)], 2)).toEqual([0.25, 0.5, 0]);
  });
  it("claim nothing where no time has passed, and never fall below zero", () => {
    expect(cpuShares([sample(0, 0), sample(1000, 100), sample(2000, 50)], 1)).toEqual([null, 0.1, 0]);
  });
});

describe("summarise", () => {
  it("names peaks and averages", () => {
    expect(summarise([sample(1000, 1000, 100, 2), sample(2000, 1000, 300, 5)], 1)).toEqual({
      peakMemory: 300,
      averageMemory: 200,
      peakCpu: 1,
      averageCpu: 0.5,
      peakPids: 5,
      cpuMs: 1000,
    });
    expect(summarise([], 1)).toBeNull();
  });
});

it("thin keeps the ends", () => {
  const items = Array.from({ length: 1001 }, (_, index) => index);
  expect(thin(items, 5)).toEqual([0, 250, 500, 750, 1000]);
  expect(thin([1, 2], 5)).toEqual([1, 2]);
});

it("times on an axis are short", () => {
  expect([0, 0.25, 12, 90, 3599, 7505].map(formatAxisTime)).toEqual([
    "0 s",
    "0.3 s",
    "12 s",
    "1:30",
    "59:59",
    "2:05:05",
  ]);
});

describe("rightSize", () => {
  const MIB = 1024 * 1024;
  const run = (peak: number | null, limit: number, kind = "succeeded") =>
    ({
      kind: "script",
      outcome: { kind },
      peak_memory_bytes: peak === null ? null : peak * MIB,
      limits: { memory_bytes: limit * MIB },
    }) as unknown as Run;
  const wouldDo = (peak: number | null, limit: number, kind?: string) => {
    const size = rightSize(run(peak, limit, kind));
    return size && size.wouldDo / MIB;
  };
  it("leaves room above the peak and takes a round size", () => {
    expect(wouldDo(80, 512)).toBe(128);
    expect(wouldDo(9, 512)).toBe(64);
    expect(wouldDo(130, 1024)).toBe(192);
    expect(wouldDo(60, 1024)).toBe(96);
  });
  it("says nothing when the limit is about right", () => {
    expect(wouldDo(182, 384)).toBeNull();
    expect(wouldDo(40, 64)).toBeNull();
  });
  it("never judges by a run that failed, or was not measured", () => {
    expect(wouldDo(80, 512, "failed")).toBeNull();
    expect(wouldDo(80, 512, "out_of_memory")).toBeNull();
    expect(wouldDo(null, 512)).toBeNull();
  });
});
