// What the last check for updates found, and the one press that applies it.
import { Link } from "@tanstack/react-router";
import type { CheckView } from "~/api/types";
import { Button } from "~/components/ui/button";
import { RelativeTime } from "~/components/ui/time";
import { LockDiff } from "./lock-diff";
import { diffWords } from "./packages";

interface CheckResultProps {
  check: CheckView;
  busy: boolean;
  onApply: () => void;
}

export function CheckResult({ check, busy, onApply }: CheckResultProps) {
  const found = diffWords(check.changes);
  return (
    <section
      aria-label="Last check for updates"
      data-testid="check"
      className="border-line border-b px-4 py-2.5 text-sm"
    >
      <div className="flex min-h-7 flex-wrap items-center gap-x-3 gap-y-1">
        <p className="min-w-0 flex-1 basis-56">
          <span className="font-medium">{found ? `Update all: ${found}` : "Everything is up to date"}</span>
          <span className="text-ink-3">
            {check.finished_at ? (
              <>
                {" "}
                as of <RelativeTime at={check.finished_at} />
              </>
            ) : null}
            {" · "}
            <Link
              to="/runs/$runId"
              params={{ runId: check.run_id }}
              className="rounded-sm text-accent-ink hover:underline"
            >
              Open the check
            </Link>
          </span>
        </p>
        {found && check.current ? (
          <Button size="sm" disabled={busy} onClick={onApply}>
            Apply: update all
          </Button>
        ) : null}
      </div>
      {check.current ? null : (
        <p className="text-skip">
          It was made against an earlier environment, so it may no longer hold. Check for updates again.
        </p>
      )}
      {found ? <LockDiff changes={check.changes} className="mt-1" /> : null}
    </section>
  );
}
