// What stands in the table below each other, and how high each of it is. Pure. Heights are known beforehand, so that of
// hundreds of rows only those in sight have to exist.
import type { CodeHit, ListedScript } from "../../contract";
import type { CodeState } from "../use-found";

export const ROW_HEIGHT = 52;
export const PHONE_ROW_HEIGHT = 66;
export const LINE_HEIGHT = 22;
export const HEAD_HEIGHT = 36;
const LINES_PADDING = 10;

export type Entry =
  | { kind: "script"; key: string; script: ListedScript; hit: CodeHit | null; lines: CodeHit | null }
  /** What the search in code came to; the scripts that only it found follow. */
  | { kind: "code"; key: "code" };

export function entriesOf(named: readonly ListedScript[], coded: readonly ListedScript[], code: CodeState): Entry[] {
  const entry = (script: ListedScript, whole: boolean): Entry => {
    const hit = code.hits.get(script.id) ?? null;
    return { kind: "script", key: script.id, script, hit: whole ? null : hit, lines: whole ? hit : null };
  };
  return [
    ...named.map((script) => entry(script, false)),
    ...(code.text === null ? [] : [{ kind: "code", key: "code" } as const]),
    ...coded.map((script) => entry(script, true)),
  ];
}

export function heightOf(entry: Entry, phone: boolean): number {
  if (entry.kind === "code") return HEAD_HEIGHT;
  return (phone ? PHONE_ROW_HEIGHT : ROW_HEIGHT) + linesHeight(entry.lines);
}

function linesHeight(hit: CodeHit | null): number {
  if (!hit) return 0;
  return (hit.lines.length + (hit.matches > hit.lines.length ? 1 : 0)) * LINE_HEIGHT + LINES_PADDING;
}
