// A smaller memory limit that would have done. Pure.
import type { Run } from "~/api/types";

const MIB = 1024 * 1024;
/** Below this, Python itself has no room. */
const LEAST = 64 * MIB;
/** Room above the peak: another day's input is a little larger. */
const ROOM = 1.4;
/** A limit that is not much too large is a good one. */
const WORTH = 0.6;

export interface RightSize {
  peak: number;
  limit: number;
  wouldDo: number;
}

/** Of a script's run that succeeded; a run that failed may have failed before it needed the memory. */
export function rightSize(run: Run): RightSize | null {
  const peak = run.peak_memory_bytes;
  const limit = run.limits.memory_bytes;
  if (run.kind !== "script" || run.outcome?.kind !== "succeeded" || !peak) return null;
  const wouldDo = step(Math.max(LEAST, peak * ROOM));
  return wouldDo <= limit * WORTH ? { peak, limit, wouldDo } : null;
}

/** The next of 64, 96, 128, 192, 256, … MiB. */
function step(bytes: number): number {
  let size = LEAST;
  while (size < bytes) size *= 2;
  return size > LEAST && size * 0.75 >= bytes ? size * 0.75 : size;
}
