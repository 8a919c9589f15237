// Pretended measurements: a curve that depends on the run's number alone, so that it is the same on every look.
const MIB = 1024 * 1024;
const EVERY_MS = 500;
const MOST = 2000;

/** Memory climbs, breathes and falls; the CPU works in bursts; a few processes come and go. */
function sampleAt(run, elapsed, length) {
  const seed = run.number % 7;
  const part = Math.min(1, elapsed / Math.max(1, length));
  const peak = run.peak_memory_bytes ?? 210 * MIB;
  const climb = Math.min(1, part * 1.25);
  const breath = 0.05 * Math.sin(elapsed / 900 + seed);
  return {
    at: new Date(Date.parse(run.started_at) + elapsed).toISOString(),
    elapsed_ms: elapsed,
    memory_bytes: Math.round(Math.min(peak, Math.max(8 * MIB, peak * (0.12 + 0.86 * climb ** 2 + breath)))),
    pids: 3 + (Math.floor(elapsed / 4000 + seed) % 4),
  };
}

const busy = (elapsed, seed) => Math.min(1, Math.max(0.04, 0.55 + 0.5 * Math.sin(elapsed / 1700 + seed)));

export function samplesOf(run, until = Date.now()) {
  if (!run.started_at) return [];
  const end = run.finished_at ? Date.parse(run.finished_at) : until;
  const length = Math.max(0, end - Date.parse(run.started_at));
  const step = Math.max(EVERY_MS, Math.ceil(length / MOST / EVERY_MS) * EVERY_MS);
  const samples = [];
  let cpu = 0;
  for (let elapsed = step; elapsed <= length; elapsed += step) {
    cpu += step * busy(elapsed, run.number % 7) * run.limits.cpus;
    // A run of unknown length climbs over its first ten minutes.
    const sample = sampleAt(run, elapsed, run.finished_at ? length : 600_000);
    samples.push({ ...sample, cpu_ms: Math.round(cpu) });
  }
  return samples;
}

export const statsOf = (run) => ({
  samples: run.number % 13 === 0 && run.finished_at ? [] : samplesOf(run),
  memory_limit_bytes: run.limits.memory_bytes,
  cpus: run.limits.cpus,
});
