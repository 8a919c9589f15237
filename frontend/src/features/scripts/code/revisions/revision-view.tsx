// A file of a revision against what it is now, or against the revision before, in the place of the editor.
import { useQuery } from "@tanstack/react-query";
import { History, Undo2, X } from "lucide-react";
import { lazy, Suspense } from "react";
import { readFile } from "~/api/files";
import { kindOf } from "~/components/preview/kinds";
import { Button, IconButton } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty } from "~/components/ui/panel";
import { Segmented } from "~/components/ui/segmented";
import { load } from "~/lib/load";
import type { FolderEntry } from "../contract";
import { oldTextQuery } from "../requests";
import { useRevisionActs, useRevisions } from "./use-revisions";

const Comparison = lazy(() => load(() => import("../editor/comparison")));

export type Against = "now" | "previous";

interface RevisionViewProps {
  scriptId: string;
  newest: number;
  revision: number;
  against: Against;
  path: string;
  entry: FolderEntry | undefined;
  /** What the editor holds of the file, unsaved work included; null where it is not open. */
  text: string | null;
  onAgainst: (against: Against) => void;
  onClose: () => void;
  /** Puts the old text into the editor, unsaved. */
  onTake: (text: string) => void;
}

export function RevisionView(props: RevisionViewProps) {
  const { scriptId, newest, revision, against, path, entry, text, onAgainst, onClose, onTake } = props;
  const { items } = useRevisions(scriptId);
  const acts = useRevisionActs(scriptId, newest);
  const at = items.findIndex((each) => each.number === revision);
  const before = (at < 0 ? undefined : items[at + 1]?.number) ?? revision - 1;
  const then = useQuery(oldTextQuery(scriptId, revision, path));
  const earlier = useQuery({ ...oldTextQuery(scriptId, before, path), enabled: against === "previous" });
  const now = useQuery({
    queryKey: ["script", scriptId, "now", path, entry?.modified_at],
    queryFn: async () => (await readFile(scriptId, path)).text,
    enabled: against === "now" && text === null && entry !== undefined,
    gcTime: 10_000,
  });
  const [left, right] =
    against === "previous" ? [earlier.data, then.data] : [then.data, text ?? (entry ? now.data : null)];
  const error = then.error ?? (against === "previous" ? earlier.error : now.error);
  const words =
    against === "previous" ? `revision ${before} → revision ${revision}` : `revision ${revision} → as it is now`;
  return (
    <div className="flex min-h-0 flex-1 flex-col" data-testid="revision-view">
      <div className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-line border-b bg-accent-soft px-3 py-1 text-sm">
        <History aria-hidden className="size-3.5 shrink-0 text-accent-ink" />
        <span className="min-w-0 flex-1 basis-48">
          <span className="font-mono text-[12.5px]">{path}</span> <span className="text-ink-3">{words}</span>
        </span>
        <IconButton label="Back to the editor" className="md:order-last" onClick={onClose}>
          <X />
        </IconButton>
        <Segmented<Against>
          label="Compare with"
          value={against}
          onChange={onAgainst}
          options={[
            { value: "now", label: "With now" },
            { value: "previous", label: "With the one before" },
          ]}
        />
        {against === "now" && typeof then.data === "string" && then.data !== right ? (
          <Button size="sm" onClick={() => onTake(then.data as string)}>
            <Undo2 aria-hidden /> Take this file
          </Button>
        ) : null}
        {revision === newest ? null : (
          <Button size="sm" className="max-md:hidden" onClick={() => void acts.restore(revision)}>
            <History aria-hidden /> Restore all of {revision}
          </Button>
        )}
      </div>
      <div className="relative min-h-0 flex-1">{body()}</div>
    </div>
  );

  function body() {
    if (error) return <ErrorNotice error={error} className="m-3" onRetry={() => void then.refetch()} />;
    if (left === undefined || right === undefined) return null;
    const binary =
      [left, right].some((each) => each?.includes("\0")) ||
      kindOf(path, true) === "image" ||
      kindOf(path, true) === "pdf";
    if (binary)
      return (
        <Empty title="This file is not text">
          {left === right ? "It is the same in both." : "It differs; restoring brings the old one back."}
        </Empty>
      );
    if (left === null && right === null) return <Empty title={`${path} is in neither of them`} />;
    if (left === right) return <Empty title="No difference">The file is the same in both.</Empty>;
    return (
      <Suspense fallback={null}>
        <Comparison key={`${path} ${revision} ${against}`} path={path} left={left ?? ""} right={right ?? ""} />
      </Suspense>
    );
  }
}
