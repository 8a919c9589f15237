// What is unused, what of it goes, and the button that has it go. Exactly what is shown goes: the wish names the
// preview, and what changed since then stays.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Eraser, RefreshCw } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "~/components/ui/button";
import { Dialog } from "~/components/ui/dialog";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Meter } from "~/components/ui/meter";
import { Panel, SkeletonRows } from "~/components/ui/panel";
import { cn } from "~/lib/cn";
import { formatBytes, plural } from "~/lib/format";
import { GroupsList } from "./groups-list";
import { beginCleanup, cleanupQuery, type Job, type Kind, type Preview, previewQuery } from "./requests";
import { chosenOf, goingOf, isFinal, NAMES, toggled } from "./words";

export function UnusedPanel() {
  const [kinds, setKinds] = useState<Kind[] | null>(null);
  const [asking, setAsking] = useState(false);
  const queryClient = useQueryClient();
  const { data: preview, error, isFetching, refetch } = useQuery(previewQuery(kinds));
  const { data: standing } = useQuery(cleanupQuery);
  const begin = useMutation({
    mutationFn: (fingerprint: string) => beginCleanup(fingerprint),
    onSuccess: (running) => {
      queryClient.setQueryData(cleanupQuery.queryKey, (known) => (known ? { ...known, running } : known));
      void queryClient.invalidateQueries({ queryKey: cleanupQuery.queryKey });
    },
    onError: () => void refetch(),
    onSettled: () => setAsking(false),
  });
  const running = standing?.running ?? null;
  const wasRunning = useRef(false);
  useEffect(() => {
    // What has gone is seen by looking once more.
    if (wasRunning.current && !running) {
      void queryClient.invalidateQueries({ queryKey: ["cleanup-preview"] });
      void queryClient.invalidateQueries({ queryKey: ["cleanup-room"] });
    }
    wasRunning.current = running !== null;
  }, [running, queryClient]);
  const going = preview ? goingOf(preview.groups) : [];
  const atEngine = going.reduce((sum, group) => sum + (group.place === "engine" ? group.bytes : 0), 0);
  return (
    <Panel
      id="unused"
      title="What is unused"
      actions={
        <Button size="sm" look="quiet" busy={isFetching} onClick={() => void refetch()}>
          <RefreshCw aria-hidden /> Look again
        </Button>
      }
    >
      {error ? <ErrorNotice error={error} onRetry={() => void refetch()} className="m-4" /> : null}
      {begin.error ? <ErrorNotice error={begin.error} unchanged="Nothing was removed." className="m-4" /> : null}
      {running ? <Progress job={running} /> : null}
      {preview ? (
        <>
          <div className={cn(isFetching && "opacity-60")}>
            <GroupsList
              groups={preview.groups}
              disabled={running !== null}
              onToggle={(kind) => setKinds(toggled(kinds ?? chosenOf(preview.groups), kind))}
            />
            <LeftAlone preview={preview} />
          </div>
          <footer className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-line border-t px-4 py-2.5">
            <p className="min-w-0 text-ink-2 text-sm" aria-live="polite">
              {going.length === 0 ? (
                "Nothing would go."
              ) : (
                <>
                  Would free <span className="num font-medium text-ink">{formatBytes(preview.total_bytes)}</span>
                  {atEngine > 0 ? `, ${formatBytes(atEngine)} of it on the engine’s disk` : ""}.
                </>
              )}
            </p>
            <Button
              look="primary"
              disabled={going.length === 0 || running !== null || isFetching}
              busy={begin.isPending}
              onClick={() => setAsking(true)}
            >
              <Eraser aria-hidden /> Clean up now
            </Button>
          </footer>
          <Confirm
            open={asking}
            preview={preview}
            busy={begin.isPending}
            onClose={() => setAsking(false)}
            onBegin={() => begin.mutate(preview.fingerprint)}
          />
        </>
      ) : error ? null : (
        <SkeletonRows rows={5} height={72} />
      )}
    </Panel>
  );
}

function Progress({ job }: { job: Job }) {
  return (
    <div role="status" className="border-line border-b bg-sunken px-4 py-3 text-sm">
      <p className="text-ink">
        Cleaning up{job.kind ? `: ${NAMES[job.kind].toLowerCase()}` : ""}
        <span className="text-ink-2">
          {" "}
          — <span className="num">{job.items_done}</span> of {plural(job.items, "thing")}, freed{" "}
          <span className="num">{formatBytes(job.freed_bytes)}</span> of{" "}
          <span className="num">{formatBytes(job.bytes)}</span>
        </span>
      </p>
      <Meter share={job.items === 0 ? 1 : job.items_done / job.items} className="mt-2" />
      <p className="mt-1 text-ink-3 text-xs">Runs go before it. It goes on after a restart.</p>
    </div>
  );
}

function LeftAlone({ preview }: { preview: Preview }) {
  if (preview.left_alone_count === 0) return null;
  const more = preview.left_alone_count - preview.left_alone.length;
  return (
    <details className="border-line border-t px-4 py-3 text-sm">
      <summary className="cursor-pointer text-ink-2">
        {plural(preview.left_alone_count, "thing is", "things are")} left alone
      </summary>
      <dl className="mt-2 flex flex-col gap-2">
        {preview.left_alone.map((left) => (
          <div key={`${left.what} ${left.why}`}>
            <dt className="text-ink [overflow-wrap:anywhere]">{left.what}</dt>
            <dd className="text-ink-3 text-xs [overflow-wrap:anywhere]">{left.why}.</dd>
          </div>
        ))}
      </dl>
      {more > 0 ? <p className="mt-2 text-ink-3 text-xs">And {more.toLocaleString("en")} more.</p> : null}
    </details>
  );
}

interface ConfirmProps {
  open: boolean;
  preview: Preview;
  busy: boolean;
  onClose: () => void;
  onBegin: () => void;
}

function Confirm({ open, preview, busy, onClose, onBegin }: ConfirmProps) {
  const going = goingOf(preview.groups);
  const final = going.filter((group) => isFinal(group.kind));
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={`Free ${formatBytes(preview.total_bytes)}?`}
      description={
        final.length > 0
          ? "What is marked cannot be had back. The rest is fetched or made again when it is needed."
          : "All of it is fetched or made again when it is needed."
      }
      footer={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button look={final.length > 0 ? "danger" : "primary"} busy={busy} onClick={onBegin}>
            Clean up
          </Button>
        </>
      }
    >
      <ul className="flex flex-col gap-1 text-sm">
        {going.map((group) => (
          <li key={group.kind} className="flex justify-between gap-4">
            <span className={isFinal(group.kind) ? "text-fail" : "text-ink"}>
              {group.what}
              {isFinal(group.kind) ? " (for good)" : ""}
            </span>
            <span className="num whitespace-nowrap text-ink-2">
              {group.items_count.toLocaleString("en")} · {formatBytes(group.bytes)}
            </span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
