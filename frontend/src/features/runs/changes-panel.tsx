// The first question about a failure: what is different from when it last worked.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { changesQuery } from "~/api/queries";
import type { Run } from "~/api/types";
import { Skeleton } from "~/components/ui/panel";
import { RelativeTime } from "~/components/ui/time";
import { errorText } from "~/lib/format";
import { ChangeList } from "./change-list";
import { changeRows } from "./changes";
import { isFailure } from "./describe";

/** Asked only of what has failed, in whatever way. */
export const isCompared = (run: Run): boolean =>
  run.kind === "script" && run.state === "finished" && run.outcome != null && isFailure(run.outcome.kind);

export function ChangesPanel({ run }: { run: Run }) {
  const { data, error } = useQuery(changesQuery(run.id));
  const rows = changeRows(data?.changes ?? []);
  const since = data?.since ?? null;
  return (
    <section
      aria-label="Changes since the last success"
      data-testid="changes"
      className="min-h-[76px] min-w-0 rounded-md border border-line bg-panel"
    >
      <header className="flex min-h-9 flex-wrap items-center justify-between gap-x-3 border-line border-b px-3 py-1.5 text-sm">
        <h2 className="font-semibold">Changed since the last success</h2>
        {since ? (
          <span className="text-ink-3">
            <Link
              to="/runs/$runId"
              params={{ runId: since.run_id }}
              className="num rounded-sm text-accent-ink hover:underline"
            >
              Run {since.number}
            </Link>
            {since.finished_at ? (
              <>
                {", "}
                <RelativeTime at={since.finished_at} />
              </>
            ) : null}
            {" · "}
            <Link
              to="/runs/compare"
              search={{ a: since.run_id, b: run.id }}
              className="rounded-sm text-accent-ink hover:underline"
            >
              Compare
            </Link>
          </span>
        ) : null}
      </header>
      {data ? (
        rows.length > 0 ? (
          <ChangeList rows={rows} />
        ) : (
          <p className="px-3 py-2 text-ink-2 text-sm">
            {since
              ? "Nothing that is recorded differs: same files, packages, image, arguments, variables and limits. Look at what it reads from outside."
              : "It has never succeeded before, so there is nothing to compare with."}
          </p>
        )
      ) : error ? (
        <p className="px-3 py-2 text-ink-3 text-sm">It could not be compared. {errorText(error)}</p>
      ) : (
        <div className="p-3">
          <Skeleton className="h-3.5 w-2/3" />
        </div>
      )}
    </section>
  );
}
