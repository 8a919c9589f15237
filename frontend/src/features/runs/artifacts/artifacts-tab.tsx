// The files that a run left in $PYTASK_ARTIFACTS: a list, and a look at the chosen one, which the address names.
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { artifactUrl } from "~/api/files";
import { artifactsQuery } from "~/api/queries";
import { type ArtifactEntry, isActive, type Run } from "~/api/types";
import { FILE_ICONS } from "~/components/preview/icons";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty, Panel, SkeletonRows } from "~/components/ui/panel";
import { RelativeTime } from "~/components/ui/time";
import { cn } from "~/lib/cn";
import { formatBytes, plural } from "~/lib/format";
import { ArtifactPreview } from "./artifact-preview";

/** There are no news of files; while the run may still write some, they are looked for. */
const LOOK_MS = 5000;

export default function ArtifactsTab({ run }: { run: Run }) {
  const active = isActive(run);
  const { artifact } = useSearch({ from: "/runs/$runId" });
  const query = useQuery({ ...artifactsQuery(run.id), refetchInterval: active ? LOOK_MS : false });
  const items = query.data?.items ?? [];
  const chosen = items.find((each) => each.path === artifact) ?? items[0];
  if (query.error && !query.data)
    return (
      <ErrorNotice error={query.error} unchanged="The files are untouched." onRetry={() => void query.refetch()} />
    );
  if (!query.data)
    return (
      <Panel>
        <SkeletonRows rows={4} />
      </Panel>
    );
  if (!chosen) return <NoArtifacts active={active} />;
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(280px,2fr)_minmax(0,5fr)]" data-testid="artifacts">
      <Panel
        title={plural(items.length, "file")}
        actions={<span className="num text-ink-3">{formatBytes(items.reduce((sum, each) => sum + each.size, 0))}</span>}
      >
        <ul className="max-h-[70vh] overflow-auto max-lg:max-h-60">
          {items.map((entry) => (
            <Row key={entry.path} run={run} entry={entry} chosen={entry === chosen} />
          ))}
        </ul>
        {query.data.truncated ? (
          <p className="border-line border-t px-4 py-2 text-ink-3 text-xs">
            There are more; the first {items.length.toLocaleString("en")} are listed.
          </p>
        ) : null}
      </Panel>
      <ArtifactPreview key={`${chosen.path} ${chosen.modified_at}`} runId={run.id} entry={chosen} />
    </div>
  );
}

function Row({ run, entry, chosen }: { run: Run; entry: ArtifactEntry; chosen: boolean }) {
  const Icon = FILE_ICONS[entry.kind];
  const slash = entry.path.lastIndexOf("/") + 1;
  return (
    <li
      className={cn(
        "group relative flex h-11 items-center gap-2.5 border-line border-b pr-2 pl-4 text-sm last:border-b-0",
        chosen ? "bg-selected" : "hover:bg-hover",
      )}
    >
      <Icon aria-hidden className="size-4 shrink-0 text-ink-3" />
      <Link
        to="/runs/$runId"
        params={{ runId: run.id }}
        search={{ tab: "artifacts", artifact: entry.path }}
        replace
        aria-current={chosen ? "true" : undefined}
        title={entry.path}
        className="min-w-0 flex-1 truncate-line rounded-sm outline-offset-[-2px] after:absolute after:inset-0"
      >
        {entry.path.slice(slash)}
        {slash > 0 ? (
          <span className="truncate-line block text-ink-3 text-xs">{entry.path.slice(0, slash)}</span>
        ) : null}
      </Link>
      <span className="shrink-0 text-right text-ink-3 text-xs">
        <span className="num block">{formatBytes(entry.size)}</span>
        <RelativeTime at={entry.modified_at} />
      </span>
      <a
        href={artifactUrl(run.id, entry.path, "download")}
        download={entry.path.slice(slash)}
        aria-label={`Download ${entry.path}`}
        title="Download"
        className="relative z-10 inline-flex size-7 shrink-0 items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink"
      >
        <Download aria-hidden className="size-4" />
      </a>
    </li>
  );
}

const EXAMPLE = `import os, pathlib
pathlib.Path(os.environ["PYTASK_ARTIFACTS"], "totals.csv").write_text("day,total\\n2026-03-01,99\\n")`;

const NoArtifacts = ({ active }: { active: boolean }) => (
  <Panel>
    <Empty title={active ? "No files yet" : "It left no files"}>
      <p>
        What a script writes into the folder that <code className="num text-ink-2">PYTASK_ARTIFACTS</code> names is kept
        with its run: pictures, tables, reports.
      </p>
    </Empty>
    <pre className="mx-auto mb-10 w-fit max-w-[calc(100%-32px)] overflow-x-auto rounded-md border border-line bg-sunken px-4 py-3 font-mono text-[12.5px] text-ink leading-5">
      {EXAMPLE}
    </pre>
  </Panel>
);
