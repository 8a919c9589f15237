// The shown file: in the editor, as a preview, or as the two sides of a conflict.
import { lazy, Suspense } from "react";
import { ApiError } from "~/api/client";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty } from "~/components/ui/panel";
import { load } from "~/lib/load";
import type { FolderEntry } from "../contract";
import { FilePreview } from "../preview/file-preview";
import type { OpenFile, Workspace } from "../workspace";

const Editor = lazy(() => load(() => import("../tools/equipped-editor")));
const Comparison = lazy(() => load(() => import("./comparison")));

interface FileBodyProps {
  workspace: Workspace;
  file: OpenFile | undefined;
  entry: FolderEntry | undefined;
  path: string;
  preview: boolean;
  merging: boolean;
  line: number | undefined;
  asked: number;
  /** Absent where the tab stays. */
  onClose: (() => void) | undefined;
  /** Where a definition in another file of the script is. */
  onPlace: (path: string, line: number) => void;
}

export function FileBody(props: FileBodyProps) {
  const { workspace, file, entry, path, preview, merging, line, asked, onClose, onPlace } = props;
  const text = file && file.phase !== "loading" && file.phase !== "failed" ? file.text : null;
  if (preview && entry) return <FilePreview key={path} scriptId={workspace.scriptId} entry={entry} text={text} />;
  if (file?.phase === "failed")
    return file.error instanceof ApiError && file.error.status === 404 ? (
      <Empty title={`There is no ${path}`} action={onClose ? <Button onClick={onClose}>Close the tab</Button> : null}>
        It was deleted or renamed elsewhere. Revisions keep what it held.
      </Empty>
    ) : (
      <ErrorNotice
        error={file.error}
        unchanged="Nothing was changed."
        className="m-3"
        onRetry={() => void workspace.open(path)}
      />
    );
  if (!file || file.phase === "loading") return <EditorSkeleton />;
  const { theirs } = file;
  if (merging && theirs !== null && theirs !== "deleted")
    return (
      <Suspense fallback={<EditorSkeleton />}>
        <Comparison
          key={`${path} ${theirs.etag}`}
          path={path}
          left={theirs.text}
          right={file.text}
          leftEditable
          onRight={(next) => workspace.edit(path, next)}
        />
      </Suspense>
    );
  return (
    <Suspense fallback={<EditorSkeleton />}>
      <Editor workspace={workspace} file={file} line={line} asked={asked} onPlace={onPlace} />
    </Suspense>
  );
}

/** Lines where lines of code will be. */
const EditorSkeleton = () => (
  <div role="status" aria-label="Loading the editor" className="animate-late pt-3 pl-16">
    {[40, 28, 0, 52, 36, 44].map((width) => (
      <div key={width} className="flex h-5 items-center">
        <div className="h-2.5 rounded-sm bg-selected" style={{ width: `${width}%` }} />
      </div>
    ))}
  </div>
);
