// The star: a run that is kept outlives what retention removes.
import { Star } from "lucide-react";
import type { Run } from "~/api/types";
import { Button, IconButton } from "~/components/ui/button";
import { Tooltip } from "~/components/ui/tooltip";
import { cn } from "~/lib/cn";
import { useKeepRun } from "./actions";

const MEANS = {
  kept: "Kept: retention never removes it, with its log and its artifacts, and it cannot be deleted. Press to let it go.",
  free: "Keep this run: retention never removes it, however old it gets.",
};

const FilledStar = ({ kept }: { kept: boolean }) => (
  <Star aria-hidden className={cn(kept && "fill-current text-skip")} />
);

/** With its word, for the page of a run. */
export function KeepButton({ run }: { run: Run }) {
  const keep = useKeepRun();
  const kept = run.kept ?? false;
  return (
    <Tooltip content={kept ? MEANS.kept : MEANS.free}>
      <Button
        aria-pressed={kept}
        aria-label={kept ? "Kept" : "Keep"}
        busy={keep.isPending}
        onClick={() => keep.mutate({ id: run.id, kept: !kept })}
      >
        <FilledStar kept={kept} /> {kept ? "Kept" : "Keep"}
      </Button>
    </Tooltip>
  );
}

/** For a row: quiet until it is kept or pointed at. */
export function KeepStar({ run, className }: { run: Run; className?: string }) {
  const keep = useKeepRun();
  const kept = run.kept ?? false;
  return (
    <IconButton
      label={kept ? `Let run ${run.number} go` : `Keep run ${run.number}`}
      hint={kept ? MEANS.kept : MEANS.free}
      aria-pressed={kept}
      disabled={keep.isPending}
      onClick={() => keep.mutate({ id: run.id, kept: !kept })}
      className={cn(!kept && "sm:opacity-0 sm:focus-visible:opacity-100 sm:group-hover:opacity-100", className)}
    >
      <FilledStar kept={kept} />
    </IconButton>
  );
}
