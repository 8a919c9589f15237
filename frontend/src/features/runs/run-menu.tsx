// What can be done with a run from its row in a list.
import { GitCompareArrows, MoreHorizontal, Star, StarOff, Trash2 } from "lucide-react";
import { useState } from "react";
import { isActive, type Run } from "~/api/types";
import { ConfirmDialog } from "~/components/ui/confirm-dialog";
import { Menu, MenuItem, MenuSeparator } from "~/components/ui/menu";
import { useDeleteRun, useKeepRun } from "./actions";
import { runTitle } from "./describe";

interface RunMenuProps {
  run: Run;
  selected: boolean;
  /** Absent where runs are not compared. */
  onSelect?: (() => void) | undefined;
}

export function RunMenu({ run, selected, onSelect }: RunMenuProps) {
  const keep = useKeepRun();
  const [deleting, setDeleting] = useState(false);
  const kept = run.kept ?? false;
  const barred = isActive(run) ? "not over yet" : kept ? "kept" : null;
  return (
    <>
      <Menu
        trigger={
          <button
            type="button"
            aria-label={`More for run ${run.number} of ${run.script_name}`}
            className="inline-flex size-7 items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink"
          >
            <MoreHorizontal aria-hidden className="size-4" />
          </button>
        }
      >
        <MenuItem onSelect={() => keep.mutate({ id: run.id, kept: !kept })}>
          {kept ? <StarOff aria-hidden /> : <Star aria-hidden />}
          {kept ? "Let it go" : "Keep"}
        </MenuItem>
        {onSelect ? (
          <MenuItem onSelect={onSelect}>
            <GitCompareArrows aria-hidden /> {selected ? "Do not compare" : "Compare with another"}
          </MenuItem>
        ) : null}
        <MenuSeparator />
        <MenuItem danger disabled={barred !== null} onSelect={() => setDeleting(true)}>
          <Trash2 aria-hidden /> Delete…
          {barred ? <span className="ml-auto pl-4 text-ink-3 text-xs">{barred}</span> : null}
        </MenuItem>
      </Menu>
      {deleting ? <DeleteDialog run={run} onClose={() => setDeleting(false)} /> : null}
    </>
  );
}

function DeleteDialog({ run, onClose }: { run: Run; onClose: () => void }) {
  const remove = useDeleteRun();
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Delete ${runTitle(run).toLowerCase()} of ${run.script_name}?`}
      description="Its log, its artifacts and what is recorded of it go for good; it cannot be brought back. The script, its files and its other runs stay."
      act="Delete"
      busy={remove.isPending}
      onConfirm={() => remove.mutate(run, { onSettled: onClose })}
    />
  );
}
