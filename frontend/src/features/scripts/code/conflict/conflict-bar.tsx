// A file that was changed elsewhere while there is unsaved work on it: nothing was overwritten, and there are three
// ways on. Quiet: the editor stays as it is until one is taken.
import { useState } from "react";
import { Button } from "~/components/ui/button";
import { errorText } from "~/lib/format";
import { usePhone } from "~/lib/media";
import type { OpenFile, Workspace } from "../workspace";

interface ConflictBarProps {
  workspace: Workspace;
  file: OpenFile;
  merging: boolean;
  onMerge: (merging: boolean) => void;
}

export function ConflictBar({ workspace, file, merging, onMerge }: ConflictBarProps) {
  const phone = usePhone();
  const [error, setError] = useState<unknown>(null);
  const gone = file.theirs === "deleted";
  const busy = file.phase === "saving";
  const keep = async () => {
    setError(null);
    if (await workspace.keepMine(file.path)) onMerge(false);
  };
  return (
    <div
      role="alert"
      data-testid="conflict"
      className="flex flex-wrap items-center gap-x-4 gap-y-2 border-skip/40 border-b bg-skip/8 px-4 py-2 text-sm"
    >
      <p className="min-w-0 flex-1 basis-64">
        {merging ? (
          <>
            <span className="font-medium">
              {phone ? "Red is what is there now, green is yours." : "Left is what is there now, right is yours."}
            </span>{" "}
            {phone
              ? "What you make of it here is what will be saved."
              : "Both can be edited; the right side is what will be saved."}
          </>
        ) : (
          <>
            <span className="font-medium">
              {file.path} was {gone ? "deleted" : "changed"} elsewhere
            </span>{" "}
            since you began. Nothing was overwritten.
          </>
        )}
        {error ? <span className="block text-fail">{errorText(error)}</span> : null}
      </p>
      <div className="flex flex-wrap gap-2">
        {merging ? (
          <>
            <Button size="sm" look="quiet" onClick={() => onMerge(false)}>
              Back
            </Button>
            <Button size="sm" look="primary" busy={busy} onClick={() => void keep()}>
              {phone ? "Save this" : "Save the right side"}
            </Button>
          </>
        ) : (
          <>
            <Button size="sm" busy={busy} onClick={() => void keep()}>
              {gone ? "Write mine again" : "Keep mine"}
            </Button>
            <Button
              size="sm"
              disabled={busy}
              onClick={() => {
                setError(null);
                workspace.takeTheirs(file.path).catch(setError);
              }}
            >
              {gone ? "Let it go" : "Take theirs"}
            </Button>
            {gone ? null : (
              <Button size="sm" look="primary" disabled={busy || file.theirs === null} onClick={() => onMerge(true)}>
                Merge
              </Button>
            )}
          </>
        )}
      </div>
    </div>
  );
}
