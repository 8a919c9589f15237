// One revision: when and by what, its label, the files it changed (each opens the comparison), its runs, the way back.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowLeft, History } from "lucide-react";
import { useState } from "react";
import { Button, IconButton } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Input } from "~/components/ui/field";
import { SkeletonRows } from "~/components/ui/panel";
import { RelativeTime } from "~/components/ui/time";
import { cn } from "~/lib/cn";
import { formatBytes } from "~/lib/format";
import type { ChangeKind, Revision } from "../contract";
import { changesQuery } from "../requests";
import { byWords } from "./by-day";
import type { useRevisionActs } from "./use-revisions";

const MOST = 80;

const CHANGES: Record<ChangeKind, { letter: string; word: string; colour: string }> = {
  added: { letter: "A", word: "Added", colour: "text-ok" },
  modified: { letter: "M", word: "Changed", colour: "text-run" },
  deleted: { letter: "D", word: "Deleted", colour: "text-fail" },
};

interface RevisionDetailProps {
  scriptId: string;
  revision: Revision;
  /** The number of the one before. */
  before: number;
  newest: number;
  /** The file that is shown above. */
  path: string;
  onBack: (() => void) | undefined;
  onCompare: (path: string) => void;
  acts: ReturnType<typeof useRevisionActs>;
}

export function RevisionDetail({
  scriptId,
  revision,
  before,
  newest,
  path,
  onBack,
  onCompare,
  acts,
}: RevisionDetailProps) {
  const changes = useQuery(changesQuery(scriptId, revision.number, before));
  const { count, last_run_id: lastRun } = revision.runs;
  return (
    <section aria-label={`Revision ${revision.number}`} className="flex min-h-0 min-w-0 flex-1 flex-col">
      <header className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-line border-b px-3 py-1.5 text-sm">
        {onBack ? (
          <IconButton label="All revisions" onClick={onBack}>
            <ArrowLeft />
          </IconButton>
        ) : null}
        <span className="font-semibold">Revision {revision.number}</span>
        <span className="text-ink-3 text-xs">
          <RelativeTime at={revision.created_at} /> · {byWords(revision.by)} · {revision.message}
        </span>
        <span className="ml-auto flex items-center gap-2">
          {count > 0 && lastRun ? (
            <Link
              to="/runs/$runId"
              params={{ runId: lastRun }}
              className="rounded-sm text-accent-ink text-xs hover:underline"
            >
              {count === 1 ? "The run that used it" : `Last of ${count} runs that used it`}
            </Link>
          ) : (
            <span className="text-ink-3 text-xs">No run used it</span>
          )}
          {revision.number === newest ? null : (
            <Button size="sm" onClick={() => void acts.restore(revision.number)}>
              <History aria-hidden /> Restore
            </Button>
          )}
        </span>
      </header>
      <div className="flex min-h-0 flex-1 flex-col overflow-auto">
        <LabelField revision={revision} onLabel={(text) => acts.label(revision.number, text)} />
        {changes.error ? (
          <ErrorNotice error={changes.error} onRetry={() => void changes.refetch()} className="m-3" />
        ) : null}
        {changes.isPending ? <SkeletonRows rows={3} height={28} /> : null}
        <ul aria-label="Changed files" className="pb-2">
          {changes.data?.map((each) => {
            const { letter, word, colour } = CHANGES[each.change];
            return (
              <li key={each.path}>
                <button
                  type="button"
                  aria-pressed={each.path === path}
                  onClick={() => onCompare(each.path)}
                  className={cn(
                    "flex h-7 w-full items-center gap-2 px-3 text-left text-sm outline-offset-[-2px] max-md:h-9",
                    each.path === path ? "bg-selected" : "hover:bg-hover",
                  )}
                >
                  <span
                    role="img"
                    aria-label={word}
                    title={word}
                    className={cn("num w-3 shrink-0 text-center font-semibold", colour)}
                  >
                    {letter}
                  </span>
                  <span className="truncate-line min-w-0 flex-1 font-mono text-[12.5px]">{each.path}</span>
                  <span className="num shrink-0 text-ink-3 text-xs">
                    {each.size == null ? "" : formatBytes(each.size)}
                  </span>
                </button>
              </li>
            );
          })}
          {changes.data?.length === 0 ? (
            <li className="px-3 py-2 text-ink-3 text-sm">Its files are those of the revision before.</li>
          ) : null}
        </ul>
      </div>
    </section>
  );
}

function LabelField({ revision, onLabel }: { revision: Revision; onLabel: (text: string) => Promise<boolean> }) {
  const [text, setText] = useState(revision.label ?? "");
  const changed = text.trim() !== (revision.label ?? "");
  return (
    <form
      className="flex shrink-0 items-center gap-2 px-3 py-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (changed) void onLabel(text);
      }}
    >
      <Input
        dense
        aria-label={`Label of revision ${revision.number}`}
        placeholder="A label, to find it again; it is never removed then"
        maxLength={MOST}
        className="max-w-96"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          setText(revision.label ?? "");
        }}
      />
      {changed ? (
        <Button type="submit" size="sm">
          {text.trim() ? "Label" : "Remove label"}
        </Button>
      ) : null}
    </form>
  );
}
