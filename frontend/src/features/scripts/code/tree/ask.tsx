// The two questions that the folder asks: before something goes for good, and before something is replaced.
import { Button } from "~/components/ui/button";
import { Dialog } from "~/components/ui/dialog";
import { formatBytes, plural } from "~/lib/format";
import type { Brought } from "./dropped";
import type { Folder } from "./use-folder";

interface AskDeleteProps {
  path: string;
  weight: ReturnType<Folder["weigh"]>;
  onClose: () => void;
  onDelete: () => void;
}

export function AskDelete({ path, weight, onClose, onDelete }: AskDeleteProps) {
  const kept = weight.files.length - weight.untracked;
  return (
    <Dialog
      open
      onClose={onClose}
      title={weight.runs ? `${path} holds what runs` : `Delete ${path}?`}
      description={
        weight.runs
          ? "The script's entry point is in it. Make another file what runs, or move that one out first."
          : `It holds ${plural(weight.files.length, "file")} of ${formatBytes(weight.bytes)}: too much to be brought back from here.`
      }
      footer={
        <>
          <Button onClick={onClose}>{weight.runs ? "Close" : "Keep it"}</Button>
          {weight.runs ? null : (
            <Button look="danger" onClick={onDelete}>
              Delete {plural(weight.files.length, "file")}
            </Button>
          )}
        </>
      }
    >
      {weight.runs ? null : (
        <ul className="list-disc pl-5 text-ink-2 text-sm">
          {kept > 0 ? <li>{plural(kept, "file")} can be restored from the revision before.</li> : null}
          {weight.untracked > 0 ? (
            <li className="text-fail">
              {plural(weight.untracked, "file")} {weight.untracked === 1 ? "is" : "are"} too large for revisions and
              would be gone for good.
            </li>
          ) : null}
        </ul>
      )}
    </Dialog>
  );
}

interface AskReplaceProps {
  brought: readonly Brought[];
  taken: readonly string[];
  onClose: () => void;
  onUpload: (replace: boolean) => void;
}

export function AskReplace({ brought, taken, onClose, onUpload }: AskReplaceProps) {
  const others = brought.length - taken.length;
  return (
    <Dialog
      open
      onClose={onClose}
      title={taken.length === 1 ? `${taken[0]} exists already` : `${plural(taken.length, "file")} exist already`}
      description="What is replaced stays in the revision before."
      footer={
        <>
          <Button onClick={onClose}>Upload nothing</Button>
          {others > 0 ? (
            <Button onClick={() => onUpload(false)}>
              {others === 1 ? "Upload the other one" : `Upload the ${others.toLocaleString("en")} others`}
            </Button>
          ) : null}
          <Button look="primary" onClick={() => onUpload(true)}>
            Replace
          </Button>
        </>
      }
    >
      {taken.length > 1 ? (
        <ul className="num max-h-48 overflow-auto text-ink-2">
          {taken.slice(0, 100).map((path) => (
            <li key={path}>{path}</li>
          ))}
          {taken.length > 100 ? <li>and {taken.length - 100} more</li> : null}
        </ul>
      ) : null}
    </Dialog>
  );
}
