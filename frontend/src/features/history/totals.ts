// The totals as parts of a bar with their words: what is many first, what is none not at all. Pure.
import type { OutcomeKind } from "~/api/types";
import { FAILURES } from "~/features/runs/describe";
import type { RunTotals } from "./contract";

export interface TotalPart {
  /** One kind, or the failures together. */
  kinds: readonly OutcomeKind[];
  word: string;
  tone: "ok" | "fail" | "quiet";
  count: number;
}

/** Succeeded, failed in whatever way, cancelled, skipped: four words that everybody has asked for. */
export function totalParts({ by_outcome }: RunTotals): TotalPart[] {
  const part = (word: string, tone: TotalPart["tone"], kinds: readonly OutcomeKind[]): TotalPart => ({
    word,
    tone,
    kinds: kinds.filter((kind) => (by_outcome[kind] ?? 0) > 0),
    count: kinds.reduce((sum, kind) => sum + (by_outcome[kind] ?? 0), 0),
  });
  return [
    part("succeeded", "ok", ["succeeded"]),
    part("failed", "fail", FAILURES),
    part("cancelled", "quiet", ["cancelled"]),
    part("skipped", "quiet", ["skipped"]),
  ].filter((each) => each.count > 0);
}
