// Every save of the script: a list by day, and of the chosen one its files, its label, the runs that used it.
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useRef } from "react";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty, SkeletonRows } from "~/components/ui/panel";
import { RelativeTime } from "~/components/ui/time";
import { cn } from "~/lib/cn";
import { usePhone } from "~/lib/media";
import type { Revision } from "../contract";
import { revisionQuery } from "../requests";
import { byDay, byWords, changedWords } from "./by-day";
import { RevisionDetail } from "./revision-detail";
import { useRevisionActs, useRevisions } from "./use-revisions";

export interface Compared {
  revision: number;
  path: string;
}

interface RevisionsPanelProps {
  scriptId: string;
  newest: number;
  /** The revision that the address names. */
  chosen: number | undefined;
  path: string;
  onChoose: (number: number | undefined) => void;
  onCompare: (compared: Compared) => void;
}

export function RevisionsPanel({ scriptId, newest, chosen, path, onChoose, onCompare }: RevisionsPanelProps) {
  const { query, items } = useRevisions(scriptId);
  const acts = useRevisionActs(scriptId, newest);
  const phone = usePhone();
  const list = useRef<HTMLDivElement>(null);
  const at = items.findIndex((each) => each.number === chosen);
  // An address may name one that is older than what is listed.
  const single = useQuery({
    ...revisionQuery(scriptId, chosen ?? 0),
    enabled: chosen !== undefined && at < 0 && query.data !== undefined,
  });
  if (query.error && items.length === 0)
    return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} className="m-3" />;
  if (!query.data) return <SkeletonRows rows={4} height={44} />;
  if (items.length === 0) return <Empty title="No revision yet">Each save makes one.</Empty>;
  const revision = items[at] ?? single.data;

  const onKey = (event: KeyboardEvent) => {
    const step =
      event.key === "ArrowDown" || event.key === "j" ? 1 : event.key === "ArrowUp" || event.key === "k" ? -1 : 0;
    if (event.key === "Escape" && chosen !== undefined) onChoose(undefined);
    const next = step === 0 ? undefined : items[at < 0 ? 0 : at + step];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    onChoose(next.number);
    list.current?.querySelector<HTMLElement>(`[data-revision="${next.number}"]`)?.focus();
  };
  return (
    <div className="flex min-h-0 flex-1" data-testid="revisions">
      {phone && revision ? null : (
        // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys between its buttons.
        <div
          ref={list}
          onKeyDown={onKey}
          className="min-h-0 w-80 shrink-0 overflow-auto border-line border-r max-md:w-full max-md:border-r-0"
        >
          {byDay(items, new Date()).map((day) => (
            <section key={day.key} aria-label={day.title}>
              <h3 className="sticky top-0 z-1 border-line border-b bg-panel px-3 py-1 font-medium text-ink-3 text-xs">
                {day.title}
              </h3>
              {day.revisions.map((each) => (
                <RevisionRow
                  key={each.number}
                  revision={each}
                  newest={each.number === newest}
                  chosen={each.number === chosen}
                  onChoose={() => onChoose(each.number === chosen ? undefined : each.number)}
                />
              ))}
            </section>
          ))}
          {query.hasNextPage ? (
            <div className="p-2 text-center">
              <Button size="sm" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                Older ones
              </Button>
            </div>
          ) : null}
        </div>
      )}
      {revision ? (
        <RevisionDetail
          key={revision.number}
          scriptId={scriptId}
          revision={revision}
          before={(at < 0 ? undefined : items[at + 1]?.number) ?? revision.number - 1}
          newest={newest}
          path={path}
          onBack={phone ? () => onChoose(undefined) : undefined}
          onCompare={(path) => onCompare({ revision: revision.number, path })}
          acts={acts}
        />
      ) : phone ? null : (
        <Empty title="Choose a revision" className="flex-1 py-6">
          It shows which files were changed, how, and by which runs it was used. Arrow keys move through the list.
        </Empty>
      )}
    </div>
  );
}

interface RevisionRowProps {
  revision: Revision;
  newest: boolean;
  chosen: boolean;
  onChoose: () => void;
}

function RevisionRow({ revision, newest, chosen, onChoose }: RevisionRowProps) {
  return (
    <button
      type="button"
      data-revision={revision.number}
      aria-pressed={chosen}
      onClick={onChoose}
      className={cn(
        "block w-full border-line border-b px-3 py-1.5 text-left text-sm outline-offset-[-2px]",
        chosen ? "bg-selected" : "hover:bg-hover",
      )}
    >
      <span className="flex items-baseline gap-2">
        <span className="num shrink-0 text-ink-3">{revision.number}</span>
        <span className="truncate-line min-w-0 flex-1 text-ink">{changedWords(revision)}</span>
        <span className="shrink-0 text-ink-3 text-xs">
          <RelativeTime at={revision.created_at} />
        </span>
      </span>
      <span className="truncate-line block text-ink-3 text-xs">
        {revision.label ? <span className="mr-1.5 font-medium text-accent-ink">{revision.label}</span> : null}
        {newest ? "as it is now · " : ""}
        {byWords(revision.by)}
        {revision.runs.count > 0 ? ` · ${revision.runs.count === 1 ? "1 run" : `${revision.runs.count} runs`}` : ""}
      </span>
    </button>
  );
}
