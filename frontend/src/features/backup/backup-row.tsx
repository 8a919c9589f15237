// One backup: when, how large, what is in it, whether it was read back, and what can be done with it.
import { CircleCheck, Download, EllipsisVertical, RotateCcw, ShieldCheck, Trash2, TriangleAlert } from "lucide-react";
import { backupAddress } from "~/api/commands";
import type { Backup } from "~/api/types";
import { buttonClass, IconButton } from "~/components/ui/button";
import { Menu, MenuItem } from "~/components/ui/menu";
import { Tag } from "~/components/ui/tag";
import { Bytes, RelativeTime } from "~/components/ui/time";
import { formatAbsolute } from "~/lib/format";
import { contentsOf, remarksOn } from "./backups";

interface BackupRowProps {
  backup: Backup;
  /** Another is being made or read. */
  busy: boolean;
  onVerify: () => void;
  onRemove: () => void;
  onRestore: () => void;
}

export function BackupRow({ backup, busy, onVerify, onRemove, onRestore }: BackupRowProps) {
  const whole = backup.kind === "backup";
  const remarks = backup.account ? remarksOn(backup.account) : null;
  return (
    <li className="flex items-start gap-3 border-line border-b px-4 py-3 text-sm last:border-b-0">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="font-medium">
            <RelativeTime at={backup.made_at} />
          </span>
          <Bytes value={backup.size_bytes} />
          {backup.cause === "schedule" ? <Tag>by itself</Tag> : null}
          <Verdict backup={backup} />
        </p>
        <p className="text-ink-2 [overflow-wrap:anywhere]">{contentsOf(backup)}</p>
        <p className="num break-all text-ink-3 text-xs" title={formatAbsolute(new Date(backup.made_at))}>
          {backup.name}
          {backup.version ? ` · version ${backup.version}` : ""}
        </p>
        {backup.problem ? <p className="mt-1 text-fail [overflow-wrap:anywhere]">{backup.problem}</p> : null}
        {remarks ? <p className="mt-1 text-skip text-xs [overflow-wrap:anywhere]">{remarks}</p> : null}
      </div>
      <a
        href={backupAddress(backup.name)}
        download={backup.name}
        className={buttonClass("plain", "sm")}
        aria-label={`Download ${backup.name}`}
      >
        <Download aria-hidden /> <span className="max-sm:hidden">Download</span>
      </a>
      <Menu
        trigger={
          <IconButton label={`What to do with ${backup.name}`}>
            <EllipsisVertical />
          </IconButton>
        }
      >
        {whole ? (
          <>
            <MenuItem onSelect={onRestore}>
              <RotateCcw aria-hidden /> How to restore
            </MenuItem>
            <MenuItem onSelect={onVerify} disabled={busy}>
              <ShieldCheck aria-hidden /> Read back
            </MenuItem>
          </>
        ) : null}
        <MenuItem onSelect={onRemove} danger>
          <Trash2 aria-hidden /> Delete
        </MenuItem>
      </Menu>
    </li>
  );
}

function Verdict({ backup }: { backup: Backup }) {
  if (backup.kind === "schema_copy") return null;
  if (backup.problem)
    return (
      <span className="flex items-center gap-1 text-fail">
        <TriangleAlert aria-hidden className="size-3.5" /> Not whole
      </span>
    );
  if (!backup.checked_at) return <span className="text-ink-3">not read back yet</span>;
  return (
    <span className="flex items-center gap-1 text-ok">
      <CircleCheck aria-hidden className="size-3.5" /> Read back{" "}
      <span className="text-ink-3">
        <RelativeTime at={backup.checked_at} />
      </span>
    </span>
  );
}
