// A thin bar: how much of something is used. Says nothing by itself; the numbers stand beside it.
import { cn } from "~/lib/cn";

interface MeterProps {
  /** From 0 to 1. */
  share: number;
  tone?: "quiet" | "bad";
  /** A line across it, from 0 to 1: a floor or a limit. */
  mark?: number;
  className?: string;
}

export const Meter = ({ share, tone = "quiet", mark, className }: MeterProps) => (
  <span aria-hidden className={cn("relative block h-1.5 overflow-hidden rounded-full bg-selected", className)}>
    <span
      className={cn("block h-full rounded-full", tone === "bad" ? "bg-fail" : "bg-ink-3")}
      style={{ width: `${Math.min(1, Math.max(0.02, share)) * 100}%` }}
    />
    {mark === undefined ? null : (
      <span className="absolute inset-y-0 w-0.5 bg-skip" style={{ left: `${Math.min(1, mark) * 100}%` }} />
    )}
  </span>
);
