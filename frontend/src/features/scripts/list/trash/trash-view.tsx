// What was moved to the trash: back again, or gone for good.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArchiveRestore, ChevronLeft, Trash2, X } from "lucide-react";
import { useState } from "react";
import { Button, buttonClass, IconButton } from "~/components/ui/button";
import { Checkbox } from "~/components/ui/checkbox";
import { ErrorNotice } from "~/components/ui/error-notice";
import { LoadMore } from "~/components/ui/load-more";
import { Empty, Page, Panel, SkeletonRows } from "~/components/ui/panel";
import { Tag } from "~/components/ui/tag";
import { RelativeTime } from "~/components/ui/time";
import { plural } from "~/lib/format";
import type { ListedScript } from "../../contract";
import { trashQuery } from "../../requests";
import { colourOf, useTagColours } from "../../script-tag";
import { BulkNotice, Floating } from "../bulk/bulk-bar";
import { useBulk } from "../bulk/use-bulk";
import { allOrNone, type Chosen, chosenOf, ranged } from "../selection";
import { DeleteForeverDialog } from "./delete-forever-dialog";
import { TrashTerm } from "./trash-term";

const ROW = "flex min-h-13 items-center gap-3 border-line border-b px-4 py-1.5 text-sm last:border-b-0 hover:bg-hover";

export function TrashView() {
  const query = useInfiniteQuery(trashQuery);
  const [chosen, setChosen] = useState<Chosen>(new Set());
  const [anchor, setAnchor] = useState<string | null>(null);
  const [going, setGoing] = useState<readonly ListedScript[] | null>(null);
  const bulk = useBulk();
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const shown = items.map(({ id }) => id);
  const ids = chosenOf(chosen, shown);
  const selected = items.filter(({ id }) => chosen.has(id));
  const choose = (id: string, shift: boolean) => {
    setChosen(ranged(chosen, shown, shift ? anchor : null, id));
    setAnchor(id);
  };
  const restore = async (scripts: readonly ListedScript[]) => {
    await bulk.act({ kind: "restore" }, scripts);
  };
  return (
    <Page title="Trash">
      <div className="mb-3 flex min-h-8 items-center gap-3">
        <Link to="/scripts" search={{}} className={buttonClass("quiet", "md", "-ml-3")}>
          <ChevronLeft aria-hidden /> Scripts
        </Link>
        <h2 className="font-semibold">Trash</h2>
        <span className="ml-auto text-ink-3 text-sm tabular-nums">
          {query.data && !query.hasNextPage && items.length > 0 ? plural(items.length, "script") : null}
        </span>
      </div>
      {query.error ? <ErrorNotice error={query.error} onRetry={() => void query.refetch()} className="mb-3" /> : null}
      <TrashTerm />
      <Panel aria-label="Trash">
        {query.isPending ? <SkeletonRows rows={4} height={52} /> : null}
        {query.data && items.length === 0 ? (
          <Empty title="The trash is empty">
            A script that is deleted waits here with its files and its history, and can be brought back until it is
            deleted for good.
          </Empty>
        ) : null}
        {items.length > 0 ? (
          <ul>
            <li className={`${ROW} min-h-8! text-ink-3 text-xs`}>
              <Checkbox
                aria-label={`Choose all ${items.length}`}
                checked={ids.length === items.length}
                half={ids.length > 0 && ids.length < items.length}
                onChange={() => setChosen(allOrNone(chosen, shown))}
              />
              <span className="font-medium">Script</span>
              <span className="ml-auto font-medium">Deleted</span>
              <span className="w-21 sm:w-58" />
            </li>
            {items.map((script) => (
              <TrashRow
                key={script.id}
                script={script}
                chosen={chosen.has(script.id)}
                onChoose={(shift) => choose(script.id, shift)}
                onRestore={() => void restore([script])}
                onDelete={() => setGoing([script])}
                busy={bulk.isBusy}
              />
            ))}
          </ul>
        ) : null}
      </Panel>
      <LoadMore pages={query} />
      {selected.length > 0 || bulk.state ? (
        <Floating>
          {bulk.state ? <BulkNotice state={bulk.state} onDismiss={bulk.dismiss} /> : null}
          {selected.length > 0 ? (
            <div className="flex flex-wrap items-center gap-2">
              <span role="status" className="font-medium tabular-nums">
                {selected.length} chosen
              </span>
              <span className="ml-auto flex flex-wrap items-center gap-1.5">
                <Button size="sm" busy={bulk.isBusy} onClick={() => void restore(selected)}>
                  <ArchiveRestore aria-hidden /> Restore
                </Button>
                <Button size="sm" look="danger" disabled={bulk.isBusy} onClick={() => setGoing(selected)}>
                  <Trash2 aria-hidden /> Delete for good…
                </Button>
                <IconButton label="Let go of what is chosen" onClick={() => setChosen(new Set())}>
                  <X />
                </IconButton>
              </span>
            </div>
          ) : null}
        </Floating>
      ) : null}
      {going ? <DeleteForeverDialog scripts={going} onClose={() => setGoing(null)} /> : null}
    </Page>
  );
}

interface TrashRowProps {
  script: ListedScript;
  chosen: boolean;
  onChoose: (shift: boolean) => void;
  onRestore: () => void;
  onDelete: () => void;
  busy: boolean;
}

function TrashRow({ script, chosen, onChoose, onRestore, onDelete, busy }: TrashRowProps) {
  const colours = useTagColours();
  return (
    <li className={chosen ? `${ROW} bg-accent-soft` : ROW}>
      <Checkbox
        aria-label={`Choose ${script.name}`}
        checked={chosen}
        onChange={() => undefined}
        onClick={(event) => onChoose(event.shiftKey)}
        className="shrink-0"
      />
      <div className="min-w-0 flex-1">
        <p className="flex min-w-0 items-center gap-2">
          <span className="truncate-line font-medium">{script.name}</span>
          {script.tags.slice(0, 3).map((tag) => (
            <Tag key={tag} colour={colourOf(colours, tag)} className="max-sm:hidden!">
              {tag}
            </Tag>
          ))}
        </p>
        {script.description ? <p className="truncate-line text-ink-3">{script.description}</p> : null}
      </div>
      <span className="shrink-0 text-ink-2">{script.deleted_at ? <RelativeTime at={script.deleted_at} /> : "–"}</span>
      <span className="flex shrink-0 gap-1.5 max-sm:hidden">
        <Button size="sm" disabled={busy} onClick={onRestore} aria-label={`Restore ${script.name}`}>
          Restore
        </Button>
        <Button size="sm" look="danger" onClick={onDelete} aria-label={`Delete ${script.name} for good`}>
          Delete for good…
        </Button>
      </span>
      <span className="flex shrink-0 sm:hidden">
        <IconButton label={`Restore ${script.name}`} className="size-9!" disabled={busy} onClick={onRestore}>
          <ArchiveRestore />
        </IconButton>
        <IconButton label={`Delete ${script.name} for good`} className="size-9!" onClick={onDelete}>
          <Trash2 />
        </IconButton>
      </span>
    </li>
  );
}
