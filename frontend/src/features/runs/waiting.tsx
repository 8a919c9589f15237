// A run that waits: for what, in words, what helps, and the way out.
import { Link, type LinkProps } from "@tanstack/react-router";
import { X } from "lucide-react";
import type { Run, WaitKind } from "~/api/types";
import { Button } from "~/components/ui/button";
import { StateMark } from "~/components/ui/state-mark";
import { useStopRun } from "./actions";
import { waitWord } from "./describe";

/** Where what it waits for can be looked at. */
const LEADS: Partial<Record<WaitKind, { word: string; link: (run: Run) => LinkProps }>> = {
  engine_away: {
    word: "Look at the engine",
    link: () => ({ to: "/settings/$section", params: { section: "system" }, hash: "engine" }),
  },
  global_cap: {
    word: "Change how many run at once",
    link: () => ({ to: "/settings/$section", params: { section: "general" }, hash: "queue" }),
  },
  disk_full: {
    word: "Look at the disk",
    link: () => ({ to: "/settings/$section", params: { section: "system" }, hash: "disk" }),
  },
  overlap: {
    word: "Change what overlapping runs do",
    link: (run) => ({ to: "/scripts/$scriptId/settings", params: { scriptId: run.script_id }, hash: "overlap" }),
  },
  environment: {
    word: "Look at the packages",
    link: (run) => ({ to: "/scripts/$scriptId/dependencies", params: { scriptId: run.script_id } }),
  },
};

export function Waiting({ run }: { run: Run }) {
  const stop = useStopRun();
  const reason = run.wait_reason ?? null;
  const lead = reason ? LEADS[reason.kind] : undefined;
  return (
    <section
      aria-label="Why it waits"
      data-testid="waiting"
      data-kind={reason?.kind}
      className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-md border border-line-strong bg-panel px-4 py-3"
    >
      <StateMark mark="queued" size={16} />
      <div className="min-w-0 flex-1 basis-64 text-sm">
        <p className="font-medium">{waitWord(reason)}</p>
        <p className="text-ink-2">
          {reason?.message ?? "It starts as soon as it is its turn"}.{" "}
          {lead ? (
            <Link {...lead.link(run)} className="whitespace-nowrap rounded-sm text-accent-ink hover:underline">
              {lead.word}
            </Link>
          ) : null}
        </p>
      </div>
      <Button busy={stop.isPending} onClick={() => stop.mutate(run.id)}>
        <X aria-hidden /> Take out of the queue
      </Button>
    </section>
  );
}
