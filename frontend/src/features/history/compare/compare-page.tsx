// Two runs of a script side by side: how they went, what was measured, and what was different about them.
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { ArrowLeftRight } from "lucide-react";
import { runQuery } from "~/api/queries";
import type { Run } from "~/api/types";
import { buttonClass } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty, Page, Panel, Skeleton, SkeletonRows } from "~/components/ui/panel";
import { markOf, markTone, StateMark } from "~/components/ui/state-mark";
import { RelativeTime } from "~/components/ui/time";
import { ChangeList } from "~/features/runs/change-list";
import { changeRows } from "~/features/runs/changes";
import { gist, headline, runTitle } from "~/features/runs/describe";
import { cn } from "~/lib/cn";
import { differencesQuery } from "../requests";
import { type CompareRow, compareRows, incomparable } from "./compare";

export function ComparePage() {
  const { a: idA, b: idB } = useSearch({ from: "/runs/compare" });
  const a = useQuery({ ...runQuery(idA ?? ""), enabled: idA !== undefined });
  const b = useQuery({ ...runQuery(idB ?? ""), enabled: idB !== undefined });
  const failed = [a, b].find((query) => query.error && !query.data);
  return (
    <Page title="Compare two runs">
      {idA === undefined || idB === undefined ? (
        <Refused title="Choose two runs">
          In the history, tick two runs of one script, then press Compare. What differs between them is shown here.
        </Refused>
      ) : failed ? (
        <ErrorNotice error={failed.error} onRetry={() => void failed.refetch()} />
      ) : a.data && b.data ? (
        <Both a={a.data} b={b.data} />
      ) : (
        <Panel>
          <SkeletonRows rows={10} />
        </Panel>
      )}
    </Page>
  );
}

const Refused = ({ title, children }: { title: string; children: string }) => (
  <Panel>
    <Empty
      title={title}
      action={
        <Link to="/runs" search={{}} className={buttonClass("plain")}>
          Go to the history
        </Link>
      }
    >
      {children}
    </Empty>
  </Panel>
);

function Both({ a, b }: { a: Run; b: Run }) {
  const barred = incomparable(a, b);
  if (barred) return <Refused title="These two cannot be compared">{barred}</Refused>;
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-3">
        <h2 className="min-w-0 font-semibold text-lg">
          {a.script_name}: {runTitle(a).toLowerCase()} and {b.number}
        </h2>
        <Link
          to="/runs/compare"
          search={{ a: b.id, b: a.id }}
          replace
          className={buttonClass("quiet", "sm", "ml-auto")}
        >
          <ArrowLeftRight aria-hidden /> Swap
        </Link>
      </div>
      <div className="flex flex-col gap-4">
        <Panel aria-label="Facts" data-testid="compare-facts">
          <div className="grid grid-cols-2 gap-x-4 border-line border-b px-4 py-3 sm:grid-cols-[200px_minmax(0,1fr)_minmax(0,1fr)]">
            <span className="max-sm:hidden" />
            <RunHead run={a} />
            <RunHead run={b} />
          </div>
          <dl>
            {compareRows(a, b).map((row) => (
              <FactPair key={row.name} row={row} />
            ))}
          </dl>
        </Panel>
        <Differences a={a} b={b} />
      </div>
    </>
  );
}

function RunHead({ run }: { run: Run }) {
  const mark = markOf(run);
  return (
    <div className="min-w-0 text-sm">
      <Link
        to="/runs/$runId"
        params={{ runId: run.id }}
        className="inline-flex max-w-full items-center gap-2 rounded-sm font-semibold hover:underline"
      >
        <StateMark mark={mark} className={markTone(mark)} />
        <span className="truncate-line">
          {runTitle(run)}
          <span className="sr-only">: {headline(run)}</span>
        </span>
      </Link>
      <p className="mt-0.5 text-ink-3">
        <RelativeTime at={run.started_at ?? run.queued_at} />
      </p>
      <p className="mt-0.5 line-clamp-2 text-ink-2 [overflow-wrap:anywhere]">{gist(run)}</p>
      <p className="mt-1.5 flex flex-wrap gap-x-4 text-accent-ink [&_a]:rounded-sm [&_a:hover]:underline">
        <Link to="/runs/$runId" params={{ runId: run.id }}>
          Log
        </Link>
        <Link to="/runs/$runId" params={{ runId: run.id }} search={{ tab: "resources" }}>
          Resources
        </Link>
      </p>
    </div>
  );
}

const FactPair = ({ row }: { row: CompareRow }) => (
  <div
    className={cn(
      "grid grid-cols-2 items-baseline gap-x-4 border-line border-b px-4 py-2 text-sm last:border-b-0 sm:grid-cols-[200px_minmax(0,1fr)_minmax(0,1fr)]",
      row.differs ? "shadow-[inset_2px_0_0_var(--accent-ink)]" : "text-ink-3",
    )}
  >
    <dt className="flex items-baseline gap-2 text-ink-2 max-sm:col-span-2 max-sm:text-xs">
      {row.name}
      {row.differs ? <span className="ml-auto text-accent-ink text-xs">differs</span> : null}
    </dt>
    <dd className={cn("min-w-0 [overflow-wrap:anywhere]", !row.words && "num")}>{row.a}</dd>
    <dd className={cn("min-w-0 [overflow-wrap:anywhere]", row.differs && "font-medium")}>
      <span className={row.words ? "" : "num"}>{row.b}</span>
      {row.ratio ? <span className="ml-2 font-normal text-ink-3 text-xs">{row.ratio}</span> : null}
    </dd>
  </div>
);

function Differences({ a, b }: { a: Run; b: Run }) {
  const { data, error, refetch } = useQuery(differencesQuery(b.id, a.id));
  const rows = changeRows(data?.changes ?? []);
  return (
    <Panel title="What was different about them" data-testid="compare-changes">
      {error ? (
        <ErrorNotice error={error} onRetry={() => void refetch()} className="m-3" />
      ) : !data ? (
        <div className="p-4">
          <Skeleton className="h-3.5 w-2/3" />
        </div>
      ) : rows.length > 0 ? (
        <>
          <ChangeList rows={rows} />
          <p className="border-line border-t px-3 py-2 text-ink-3 text-xs">
            From {runTitle(a).toLowerCase()} to {runTitle(b).toLowerCase()}: files, packages, image, arguments,
            variables, limits. Of variables only the names are told.
          </p>
        </>
      ) : (
        <p className="px-3 py-3 text-ink-2 text-sm">
          Nothing that is recorded differs: same files, packages, image, arguments, variables and limits. Look at what
          it reads from outside.
        </p>
      )}
    </Panel>
  );
}
