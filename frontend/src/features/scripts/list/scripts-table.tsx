import { Link, useNavigate } from "@tanstack/react-router";
import { MoreHorizontal, Play } from "lucide-react";
import type { Script } from "~/api/types";
import { IconButton } from "~/components/ui/button";
import { Menu, MenuItem, MenuSeparator } from "~/components/ui/menu";
import { markOf, StateMark } from "~/components/ui/state-mark";
import { Tag } from "~/components/ui/tag";
import { Duration, RelativeTime } from "~/components/ui/time";
import { useStartRun } from "~/features/runs/actions";
import { EnvironmentBadge } from "../environment-badge";
import { OutcomeStrip } from "../outcome-strip";
import { useTrash } from "../use-trash";

interface ScriptsTableProps {
  scripts: readonly Script[];
  onTag: (tag: string) => void;
}

export function ScriptsTable({ scripts, onTag }: ScriptsTableProps) {
  return (
    <table className="w-full table-fixed text-sm">
      <colgroup>
        <col className="w-10" />
        <col />
        <col className="w-0 md:w-40" />
        <col className="w-24 sm:w-36" />
        <col className="w-0 lg:w-32" />
        <col className="w-20" />
      </colgroup>
      <thead className="text-ink-3 text-xs max-sm:sr-only">
        <tr className="border-line border-b text-left [&>th]:h-8 [&>th]:font-medium">
          <th className="pl-4">
            <span className="sr-only">State</span>
          </th>
          <th>Script</th>
          <th className="max-md:invisible">Last runs</th>
          <th>Last run</th>
          <th className="max-lg:invisible">Packages</th>
          <th className="pr-3">
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {scripts.map((script) => (
          <ScriptRow key={script.id} script={script} onTag={onTag} />
        ))}
      </tbody>
    </table>
  );
}

function ScriptRow({ script, onTag }: { script: Script; onTag: (tag: string) => void }) {
  const start = useStartRun();
  const trash = useTrash();
  const navigate = useNavigate();
  const last = script.last_run ?? null;
  const run = () =>
    start.mutate(
      { scriptId: script.id },
      { onSuccess: (started) => void navigate({ to: "/runs/$runId", params: { runId: started.id } }) },
    );
  return (
    <tr className="relative h-[52px] border-line border-b last:border-b-0 hover:bg-hover">
      <td className="pl-4">
        <StateMark mark={markOf(last)} className="flex" />
      </td>
      <td className="pr-4">
        <div className="flex min-w-0 items-center gap-2">
          <Link
            to="/scripts/$scriptId/code"
            params={{ scriptId: script.id }}
            className="truncate-line min-w-0 rounded-sm font-medium text-ink after:absolute after:inset-0"
          >
            {script.name}
          </Link>
          <span className="relative z-10 flex min-w-0 gap-1 max-md:hidden">
            {script.tags.slice(0, 3).map((tag) => (
              <button key={tag} type="button" className="rounded-sm hover:opacity-75" onClick={() => onTag(tag)}>
                <Tag>{tag}</Tag>
              </button>
            ))}
          </span>
        </div>
        {script.description ? <p className="truncate-line text-ink-3">{script.description}</p> : null}
      </td>
      <td className="max-md:[&>*]:hidden">
        <OutcomeStrip recent={script.recent_outcomes} />
      </td>
      <td className="text-ink-2">
        {last ? (
          <span className="relative z-10 flex flex-col">
            <RelativeTime at={last.queued_at} />
            <span className="text-ink-3">
              <Duration from={last.started_at} to={last.finished_at} />
            </span>
          </span>
        ) : (
          <span className="text-ink-3">Never</span>
        )}
      </td>
      <td className="max-lg:[&>*]:hidden">
        <EnvironmentBadge scriptId={script.id} status={script.environment} />
      </td>
      <td className="pr-3">
        <span className="relative z-10 flex justify-end gap-0.5">
          <IconButton label={`Run ${script.name}`} disabled={start.isPending} onClick={run}>
            <Play />
          </IconButton>
          <Menu
            trigger={
              <button
                type="button"
                aria-label={`More for ${script.name}`}
                className="inline-flex size-7 items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink"
              >
                <MoreHorizontal aria-hidden className="size-4" />
              </button>
            }
          >
            <MenuItem asChild>
              <Link to="/scripts/$scriptId/runs" params={{ scriptId: script.id }}>
                Runs
              </Link>
            </MenuItem>
            <MenuItem asChild>
              <Link to="/scripts/$scriptId/settings" params={{ scriptId: script.id }}>
                Settings
              </Link>
            </MenuItem>
            <MenuSeparator />
            <MenuItem danger onSelect={() => trash(script)}>
              Delete
            </MenuItem>
          </Menu>
        </span>
      </td>
    </tr>
  );
}
