// How checks are shown: the worst first, each with a word and a mark, what is well together at the end. Pure.
import { CircleCheck, CircleHelp, type LucideIcon, OctagonX, TriangleAlert } from "lucide-react";
import type { Check, CheckState, Examination } from "~/api/types";
import { plural } from "~/lib/format";

export interface Look {
  word: string;
  icon: LucideIcon;
  tone: string;
}

export const LOOKS: Record<CheckState, Look> = {
  problem: { word: "Does not work", icon: OctagonX, tone: "text-fail" },
  warning: { word: "To watch", icon: TriangleAlert, tone: "text-skip" },
  unknown: { word: "Not known", icon: CircleHelp, tone: "text-ink-3" },
  ok: { word: "Well", icon: CircleCheck, tone: "text-ok" },
};

const ORDER: readonly CheckState[] = ["problem", "warning", "unknown", "ok"];

/** The worst first; otherwise as they were looked at. */
export const ordered = (checks: readonly Check[]): Check[] =>
  ORDER.flatMap((state) => checks.filter((check) => check.state === state));

/** All of it in a few words: "2 problems, 1 to watch", "All 14 checks are well". */
export function summary(checks: readonly Check[]): string {
  const count = (state: CheckState) => checks.filter((check) => check.state === state).length;
  const parts = [
    [count("problem"), (n: number) => plural(n, "problem")],
    [count("warning"), (n: number) => `${n} to watch`],
    [count("unknown"), (n: number) => `${n} not known`],
  ] as const;
  const told = parts.filter(([n]) => n > 0).map(([n, words]) => words(n));
  if (told.length === 0) return `All ${checks.length} checks are well`;
  return `${told.join(", ")}, ${count("ok")} well`;
}

export const share = (running: NonNullable<Examination["running"]>): number =>
  running.of > 0 ? running.done / running.of : 0;
