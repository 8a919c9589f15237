// How many runs there are and how they ended, in one line; each number leads to its runs.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { RunFilters } from "~/api/run-filters";
import { Skeleton } from "~/components/ui/panel";
import { cn } from "~/lib/cn";
import { formatBytes, plural } from "~/lib/format";
import { totalsQuery } from "./requests";
import { type TotalPart, totalParts } from "./totals";

const TONES: Record<TotalPart["tone"], string> = { ok: "bg-ok", fail: "bg-fail", quiet: "bg-cancel" };

interface TotalsLineProps {
  /** Of all scripts, or of the one that the list is narrowed to. */
  script: string | undefined;
  /** At the end of the line. */
  children?: ReactNode;
}

export function TotalsLine({ script, children }: TotalsLineProps) {
  const { data } = useQuery(totalsQuery(script));
  if (!data) return <Skeleton className="mb-3 h-5 w-96 max-w-full" />;
  if (data.total === 0) return null;
  const parts = totalParts(data);
  const narrowed = (more: RunFilters) => ({ kind: "script", ...(script ? { script } : {}), ...more });
  return (
    <section
      aria-label="Totals"
      className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-1 text-ink-2 text-sm"
      data-testid="totals"
    >
      <span aria-hidden className="flex h-1.5 w-40 gap-px overflow-hidden rounded-full bg-selected max-sm:w-full">
        {parts.map((part) => (
          <span
            key={part.word}
            className={cn("min-w-0.5", TONES[part.tone])}
            style={{ flexGrow: part.count, flexBasis: 0 }}
          />
        ))}
      </span>
      <Total search={narrowed({})}>{plural(data.total, "run")} in all</Total>
      {parts.map((part) => (
        <Total key={part.word} search={narrowed({ outcome: part.kinds.join(",") })}>
          <span aria-hidden className={cn("size-2 rounded-full", TONES[part.tone])} />
          {part.count.toLocaleString("en")} {part.word}
        </Total>
      ))}
      {data.unfinished > 0 ? <span>{data.unfinished.toLocaleString("en")} not over yet</span> : null}
      {data.kept > 0 ? <Total search={narrowed({ kept: true })}>{data.kept.toLocaleString("en")} kept</Total> : null}
      <span className="text-ink-3">
        {formatBytes(data.log_bytes)} of logs
        {data.artifact_bytes > 0 ? `, ${formatBytes(data.artifact_bytes)} of artifacts` : ""}
      </span>
      {children}
    </section>
  );
}

const Total = ({ search, children }: { search: RunFilters; children: ReactNode }) => (
  <Link
    to="/runs"
    search={search}
    activeProps={{}}
    className="inline-flex items-center gap-1.5 rounded-sm tabular-nums hover:text-ink hover:underline"
  >
    {children}
  </Link>
);
