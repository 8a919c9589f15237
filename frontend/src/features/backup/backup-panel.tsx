// Backups: which there are, making one now, and what a restored instance needs beside one.
import { useQuery } from "@tanstack/react-query";
import { Archive } from "lucide-react";
import { useState } from "react";
import { backupsQuery } from "~/api/queries";
import type { Backup, BackupJob, BackupList } from "~/api/types";
import { Button } from "~/components/ui/button";
import { Caution } from "~/components/ui/caution";
import { Dialog } from "~/components/ui/dialog";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Meter } from "~/components/ui/meter";
import { Empty, Panel, SkeletonRows } from "~/components/ui/panel";
import { RelativeTime } from "~/components/ui/time";
import { formatBytes } from "~/lib/format";
import { BackupRow } from "./backup-row";
import { KEY_OUT, progressOf } from "./backups";
import { Choice } from "./choice";
import { RestoreDialog } from "./restore-dialog";
import { useBackups } from "./use-backups";

export function BackupPanel() {
  const { data, error, refetch } = useQuery(backupsQuery);
  const acts = useBackups();
  const [wish, setWish] = useState({ logs: false, artifacts: false });
  const [going, setGoing] = useState<Backup | null>(null);
  const [shown, setShown] = useState<string | null>(null);
  const refused = acts.make.error ?? acts.verify.error ?? acts.remove.error ?? acts.cancel.error;
  const busy = data?.job != null;
  return (
    <Panel id="backups" title="Backups" actions={data ? <Next list={data} /> : null}>
      {data?.restored ? <Restored restored={data.restored} /> : null}
      <div className="flex flex-wrap items-center gap-x-5 gap-y-3 border-line border-b px-4 py-3">
        <p className="min-w-0 basis-full text-ink-2 text-sm">
          One file with the database, all scripts with their revisions, and all settings. Everything goes on while it is
          made, and it is read back before it counts.
        </p>
        <Choice label="with logs" checked={wish.logs} onChange={(logs) => setWish((before) => ({ ...before, logs }))} />
        <Choice
          label="with artifacts"
          checked={wish.artifacts}
          onChange={(artifacts) => setWish((before) => ({ ...before, artifacts }))}
        />
        <Button
          look="primary"
          className="ml-auto max-sm:w-full"
          busy={acts.make.isPending}
          disabled={!data || busy}
          onClick={() => acts.make.mutate(wish)}
        >
          <Archive aria-hidden /> Back up now
        </Button>
      </div>
      {data?.needs_key ? <KeyNote /> : null}
      {error ? <ErrorNotice error={error} onRetry={() => void refetch()} className="m-4" /> : null}
      {refused ? <ErrorNotice error={refused} unchanged="The backups stay as they were." className="m-4" /> : null}
      {data?.job ? <Going job={data.job} onCancel={() => acts.cancel.mutate()} /> : null}
      {data?.last?.problem && !data.job ? (
        <Caution className="border-line border-b px-4 py-3" role="status">
          The last backup (<RelativeTime at={data.last.at} />) was not made: {data.last.problem}
        </Caution>
      ) : null}
      {data ? (
        data.items.length > 0 ? (
          <ul aria-label="Backups">
            {data.items.map((backup) => (
              <BackupRow
                key={backup.name}
                backup={backup}
                busy={busy}
                onVerify={() => acts.verify.mutate(backup.name)}
                onRemove={() => setGoing(backup)}
                onRestore={() => setShown(backup.name)}
              />
            ))}
          </ul>
        ) : (
          <Empty title="No backup yet">
            Make one now, or let one be made every night. Download it from time to time: what lies on this volume goes
            with this volume.
          </Empty>
        )
      ) : error ? null : (
        <SkeletonRows rows={3} height={60} />
      )}
      {data && data.items.length > 0 ? (
        <p className="border-line border-t px-4 py-2.5 text-ink-3 text-xs [overflow-wrap:anywhere]">
          In <code className="num">{data.folder}</code> on the data volume. Keep copies elsewhere: what lies on a volume
          goes with it.
        </p>
      ) : null}
      {going ? (
        <Remove
          backup={going}
          onClose={() => setGoing(null)}
          onRemove={() => {
            acts.remove.mutate(going.name);
            setGoing(null);
          }}
        />
      ) : null}
      {shown ? <RestoreDialog name={shown} needsKey={data?.needs_key ?? false} onClose={() => setShown(null)} /> : null}
    </Panel>
  );
}

const Next = ({ list }: { list: BackupList }) =>
  list.next_at ? (
    <span className="text-ink-3 text-xs">
      next by itself <RelativeTime at={list.next_at} />
    </span>
  ) : (
    <span className="text-ink-3 text-xs">none by itself</span>
  );

const KeyNote = () => (
  <div className="border-line border-b px-4 py-3">
    <Caution>
      Stored passwords and secrets are in a backup, but sealed: the key is in none. Keep it elsewhere, once; without it
      they have to be entered anew after a restore.
    </Caution>
    <pre className="mt-2 whitespace-pre-wrap rounded-sm border border-line bg-sunken px-3 py-2 font-mono text-xs [overflow-wrap:anywhere]">
      {KEY_OUT}
    </pre>
  </div>
);

function Restored({ restored }: { restored: NonNullable<BackupList["restored"]> }) {
  const without = [restored.logs ? null : "logs", restored.artifacts ? null : "artifacts"]
    .filter(Boolean)
    .join(" and ");
  return (
    <p className="border-line border-b px-4 py-3 text-ink-2 text-sm">
      This instance was restored <RelativeTime at={restored.restored_at} /> from a backup made{" "}
      <RelativeTime at={restored.made_at} /> by version <span className="num">{restored.version}</span>
      {without ? `; ${without} of earlier runs were not in it` : ""}.
    </p>
  );
}

function Going({ job, onCancel }: { job: BackupJob; onCancel: () => void }) {
  const { words, share } = progressOf(job);
  return (
    <div className="flex items-center gap-4 border-line border-b px-4 py-3 text-sm">
      <div className="min-w-0 flex-1">
        <p className="num truncate font-medium text-[13px]">{job.name}</p>
        <p role="status" className="num text-ink-2 text-xs">
          {words}
        </p>
        {share === null ? null : <Meter share={share} className="mt-1.5" />}
      </div>
      <Button size="sm" onClick={onCancel}>
        Cancel
      </Button>
    </div>
  );
}

function Remove({ backup, onClose, onRemove }: { backup: Backup; onClose: () => void; onRemove: () => void }) {
  return (
    <Dialog
      open
      onClose={onClose}
      title="Delete this backup?"
      description={
        <>
          <span className="num break-all">{backup.name}</span>, {formatBytes(backup.size_bytes)}. It is gone for good.
        </>
      }
      footer={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button look="danger" onClick={onRemove}>
            Delete
          </Button>
        </>
      }
    />
  );
}
