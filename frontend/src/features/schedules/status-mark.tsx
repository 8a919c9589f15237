// Whether a schedule fires: a shape and a word, with the reason on hover.
import { Check, Pause, Power } from "lucide-react";
import { Tooltip } from "~/components/ui/tooltip";
import { cn } from "~/lib/cn";
import type { Schedule } from "./contract";
import { type Status, statusOf } from "./words";

const LOOKS: Record<Status, { icon: typeof Check; tone: string }> = {
  on: { icon: Power, tone: "text-ok" },
  off: { icon: Pause, tone: "text-ink-3" },
  script_paused: { icon: Pause, tone: "text-skip" },
  all_paused: { icon: Pause, tone: "text-skip" },
  done: { icon: Check, tone: "text-ink-3" },
};

interface StatusMarkProps {
  schedule: Schedule;
  pausedAll: boolean;
  /** The shape alone; the word is said and not shown. */
  bare?: boolean;
}

export function StatusMark({ schedule, pausedAll, bare = false }: StatusMarkProps) {
  const { status, word, why } = statusOf(schedule, pausedAll);
  const { icon: Icon, tone } = LOOKS[status];
  return (
    <Tooltip content={why}>
      <span className={cn("inline-flex items-center gap-1.5 whitespace-nowrap", status === "on" ? "text-ink-2" : tone)}>
        <Icon aria-hidden className={cn("size-3.5 shrink-0", tone)} />
        <span className={bare ? "sr-only" : undefined}>{word}</span>
      </span>
    </Tooltip>
  );
}
