// How a delivery stands: a colour, a shape and a word.
import { Ban, Check, Clock, type LucideIcon, Moon, TriangleAlert, Upload } from "lucide-react";
import { cn } from "~/lib/cn";
import type { DeliveryState } from "./contract";
import { STATE_WORDS } from "./words";

const LOOKS: Record<DeliveryState, { icon: LucideIcon; tone: string }> = {
  pending: { icon: Clock, tone: "text-queue" },
  delivering: { icon: Upload, tone: "text-run" },
  delivered: { icon: Check, tone: "text-ok" },
  failed: { icon: TriangleAlert, tone: "text-fail" },
  cancelled: { icon: Ban, tone: "text-cancel" },
  quiet: { icon: Moon, tone: "text-ink-3" },
};

export function DeliveryMark({ state, className }: { state: DeliveryState; className?: string }) {
  const { icon: Icon, tone } = LOOKS[state];
  return (
    <span
      title={STATE_WORDS[state].means}
      className={cn("inline-flex items-center gap-1.5 whitespace-nowrap", tone, className)}
    >
      <Icon aria-hidden className="size-3.5 shrink-0" />
      {STATE_WORDS[state].word}
    </span>
  );
}
