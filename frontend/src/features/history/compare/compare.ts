// Two runs of a script, fact by fact: what each of them says, and whether they differ so much that it is worth a look.
// Pure.
import type { Run } from "~/api/types";
import { exitWord, headline, triggerWord } from "~/features/runs/describe";
import { formatBytes, formatDuration, plural } from "~/lib/format";

export interface CompareRow {
  name: string;
  a: string;
  b: string;
  differs: boolean;
  /** A sentence or a word, not a number. */
  words: boolean;
  /** How the second stands to the first, where both are numbers. */
  ratio: string | null;
}

/** No two runs take the same time: measures that are nearer than this are alike. */
const ALIKE = 0.2;

const NONE = "–";
const span = (from: string | null | undefined, to: string | null | undefined): number | null =>
  from && to ? Math.max(0, Date.parse(to) - Date.parse(from)) : null;

function fact(name: string, a: string, b: string, words = true): CompareRow {
  return { name, a, b, words, differs: a !== b, ratio: null };
}

function measure(
  name: string,
  [a, b]: readonly [number | null | undefined, number | null | undefined],
  format: (value: number) => string,
): CompareRow {
  const said = (value: number | null | undefined) => (value == null ? NONE : format(value));
  const row = { name, a: said(a), b: said(b), words: false };
  if (a == null || b == null) return { ...row, differs: (a == null) !== (b == null), ratio: null };
  const differs = Math.abs(b - a) > ALIKE * Math.max(a, b) && row.a !== row.b;
  return { ...row, differs, ratio: differs ? ratioWords(a, b) : null };
}

/** "2.1 times", "38 % less" */
export function ratioWords(a: number, b: number): string | null {
  if (a === 0 || b === 0) return null;
  const times = b / a;
  if (times >= 2) return `${times >= 10 ? Math.round(times).toLocaleString("en") : times.toFixed(1)} times`;
  // Less by all of it would be nothing, and it is not.
  const percent = Math.min(99, Math.round(Math.abs(times - 1) * 100));
  return `${percent} % ${times > 1 ? "more" : "less"}`;
}

export function compareRows(a: Run, b: Run): CompareRow[] {
  return [
    fact("Outcome", headline(a), headline(b)),
    fact("Exit", exitWord(a), exitWord(b), false),
    measure("Took", [span(a.started_at, a.finished_at), span(b.started_at, b.finished_at)], formatDuration),
    measure("Waited", [span(a.queued_at, a.started_at), span(b.queued_at, b.started_at)], formatDuration),
    measure("Peak memory", [a.peak_memory_bytes, b.peak_memory_bytes], formatBytes),
    measure("CPU time", [a.cpu_ms, b.cpu_ms], formatDuration),
    measure("Held back by the CPU limit", [a.usage?.cpu_throttled_ms, b.usage?.cpu_throttled_ms], formatDuration),
    measure("Most processes", [a.usage?.peak_pids, b.usage?.peak_pids], (count) => count.toLocaleString("en")),
    measure("stdout", [a.log?.stdout_bytes, b.log?.stdout_bytes], formatBytes),
    measure("stderr", [a.log?.stderr_bytes, b.log?.stderr_bytes], formatBytes),
    measure("Artifacts", [a.artifacts?.files, b.artifacts?.files], (count) => plural(count, "file")),
    fact("Trigger", triggerWord(a.trigger), triggerWord(b.trigger)),
  ];
}

/** Why these two are not compared; null when they are. */
export function incomparable(a: Run, b: Run): string | null {
  if (a.id === b.id) return "Both are the same run.";
  if (a.script_id !== b.script_id)
    return `Run ${a.number} is of ${a.script_name}, run ${b.number} of ${b.script_name}. Only runs of one script can be compared.`;
  return a.kind === b.kind ? null : "One is a run of the script, the other builds its packages.";
}
