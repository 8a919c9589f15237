// Measurements of a run as numbers to draw and to say. Pure: knows neither charts nor the server.
import type { Sample } from "~/api/types";

/** Both lists as one, in time; what both have is taken once. */
export function mergeSamples(stored: readonly Sample[], live: readonly Sample[]): Sample[] {
  const byTime = new Map<number, Sample>();
  for (const sample of [...stored, ...live]) byTime.set(sample.elapsed_ms, sample);
  return [...byTime.values()].sort((a, b) => a.elapsed_ms - b.elapsed_ms);
}

/** The share of its CPUs in use up to each sample, from 0 to 1 and a little above; null where no time has passed. */
export function cpuShares(samples: readonly Sample[], cpus: number): (number | null)[] {
  let before = { elapsed_ms: 0, cpu_ms: 0 };
  return samples.map((sample) => {
    const passed = sample.elapsed_ms - before.elapsed_ms;
    const used = sample.cpu_ms - before.cpu_ms;
    before = sample;
    return passed > 0 ? Math.max(0, used) / passed / cpus : null;
  });
}

export interface Summary {
  peakMemory: number;
  averageMemory: number;
  peakCpu: number;
  averageCpu: number;
  peakPids: number;
  /** All CPU time so far. */
  cpuMs: number;
}

const highest = (values: readonly (number | null)[]): number =>
  values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);

export function summarise(samples: readonly Sample[], cpus: number): Summary | null {
  const last = samples.at(-1);
  if (!last) return null;
  return {
    peakMemory: highest(samples.map((sample) => sample.memory_bytes)),
    averageMemory: samples.reduce((sum, sample) => sum + sample.memory_bytes, 0) / samples.length,
    peakCpu: highest(cpuShares(samples, cpus)),
    averageCpu: last.elapsed_ms > 0 ? last.cpu_ms / last.elapsed_ms / cpus : 0,
    peakPids: highest(samples.map((sample) => sample.pids)),
    cpuMs: last.cpu_ms,
  };
}

/** At most `most` of them, evenly spread, the first and the last among them. */
export function thin<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  const step = (items.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, index) => items[Math.round(index * step)] as T);
}

/** 12 s, 1:30, 2:05:00: short enough for an axis. */
export function formatAxisTime(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds * 10) / 10} s`;
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${hours > 0 ? two((seconds % 3600) / 60) : Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}
