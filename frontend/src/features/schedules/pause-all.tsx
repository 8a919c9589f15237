// All schedules are stopped and let go on at once; while they are stopped, every page of theirs says so.
import { Pause, Play } from "lucide-react";
import { Button } from "~/components/ui/button";
import { usePauseAll } from "./use-schedules";

export function PauseAllButton() {
  const pause = usePauseAll();
  return (
    <Button busy={pause.isPending} onClick={() => pause.mutate(true)}>
      <Pause aria-hidden /> Pause all
    </Button>
  );
}

export function PausedBanner({ paused }: { paused: boolean }) {
  const pause = usePauseAll();
  if (!paused) return null;
  return (
    <div
      role="status"
      data-testid="all-paused"
      className="mb-3 flex flex-wrap items-center gap-x-3 gap-y-2 rounded-md border border-skip/45 bg-skip/8 px-4 py-2.5 text-sm"
    >
      <Pause aria-hidden className="size-4 shrink-0 text-skip" />
      <p className="min-w-0 flex-1 basis-60">
        <span className="font-medium">All schedules are paused.</span>{" "}
        <span className="text-ink-2">Nothing fires until they are resumed. Scripts can still be run by hand.</span>
      </p>
      <Button size="sm" busy={pause.isPending} onClick={() => pause.mutate(false)}>
        <Play aria-hidden /> Resume
      </Button>
    </div>
  );
}
