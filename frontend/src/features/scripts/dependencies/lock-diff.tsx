// From one lock to another, one package a line: a sign, the name, the versions.
import type { LockChanges } from "~/api/types";
import { cn } from "~/lib/cn";
import { type DiffRow, diffRows } from "./packages";

const KINDS: Record<DiffRow["kind"], { sign: string; word: string; tone: string }> = {
  added: { sign: "+", word: "added", tone: "text-ok" },
  removed: { sign: "−", word: "removed", tone: "text-fail" },
  changed: { sign: "→", word: "changed", tone: "text-run" },
};

export function LockDiff({ changes, className }: { changes: LockChanges; className?: string }) {
  return (
    <ul className={cn("grid gap-x-8 text-sm [grid-template-columns:repeat(auto-fill,minmax(240px,1fr))]", className)}>
      {diffRows(changes).map((row) => {
        const { sign, word, tone } = KINDS[row.kind];
        return (
          <li key={row.name} className="num flex min-w-0 items-baseline gap-2 py-0.5">
            <span aria-hidden className={cn("w-3 shrink-0 text-center", tone)}>
              {sign}
            </span>
            <span className="sr-only">{word}</span>
            <span className="min-w-0 truncate-line" title={row.name}>
              {row.name}
            </span>
            <span className="ml-auto whitespace-nowrap text-ink-3">
              {row.from}
              {row.from && row.to ? (
                <>
                  <span aria-hidden> → </span>
                  <span className="sr-only"> becomes </span>
                </>
              ) : null}
              {row.to ? <span className="text-ink">{row.to}</span> : null}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
