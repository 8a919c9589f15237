// Write and run: files on the left, the editor, the log of the last run docked below.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { fileUrl } from "~/api/files";
import { filesQuery, scriptQuery } from "~/api/queries";
import type { Script } from "~/api/types";
import { Button, buttonClass } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Empty } from "~/components/ui/panel";
import { formatBytes } from "~/lib/format";
import { load } from "~/lib/load";
import { modKey } from "~/lib/platform";
import { useRunScript } from "../use-run-script";
import { FileList } from "./file-list";
import { RunDock } from "./run-dock";
import { useWorkspace } from "./use-workspace";
import { isDirty, type OpenFile, type Workspace } from "./workspace";

const Editor = lazy(() => load(() => import("./editor")));
/** Above this a text is offered for download instead. */
const EDITABLE_BYTES = 2 * 1024 * 1024;

export function CodeTab() {
  const { scriptId } = useParams({ from: "/scripts/$scriptId/code" });
  const { data: script } = useQuery(scriptQuery(scriptId));
  return script ? <CodeView key={script.id} script={script} /> : null;
}

function CodeView({ script }: { script: Script }) {
  const { file: asked, line } = useSearch({ from: "/scripts/$scriptId/code" });
  const [times, setTimes] = useState(0);
  const navigate = useNavigate({ from: "/scripts/$scriptId/code" });
  const queryClient = useQueryClient();
  const selected = asked ?? script.entry_point;
  const { workspace, files } = useWorkspace(script.id);
  const { run } = useRunScript(script.id);
  const entries = useQuery(filesQuery(script.id));
  const entry = entries.data?.find((each) => each.path === selected);
  const editable = entry === undefined || (entry.text && entry.size <= EDITABLE_BYTES);
  const file = files.get(selected);
  const dirty = [...files.values()].filter(isDirty).map((each) => each.path);

  useEffect(() => {
    if (editable) void workspace.open(selected);
  }, [workspace, selected, editable]);

  // A newer revision than the one shown means a save from elsewhere: clean files follow it.
  const revision = useRef(script.revision);
  useEffect(() => {
    if (revision.current === script.revision) return;
    revision.current = script.revision;
    for (const path of workspace.snapshot().keys()) void workspace.refresh(path).catch(() => {});
  }, [script.revision, workspace]);

  const save = async () => {
    if (await workspace.save(selected)) {
      void queryClient.invalidateQueries({ queryKey: ["script", script.id] });
    }
  };
  useSaveKeys(save, run);
  const select = (path: string, line?: number) => {
    setTimes(times + 1);
    void navigate({ search: { file: path === script.entry_point ? undefined : path, line }, replace: true });
  };

  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex min-h-0 flex-1 max-md:flex-col">
        <div className="flex w-52 shrink-0 flex-col border-line border-r bg-panel max-md:h-32 max-md:w-full max-md:border-r-0 max-md:border-b">
          <FileList
            script={script}
            workspace={workspace}
            dirty={dirty}
            selected={selected}
            onSelect={(path) => select(path)}
          />
        </div>
        <div className="flex min-h-0 min-w-0 flex-1 flex-col bg-panel">
          <FileBar script={script} path={selected} file={file} onSave={save} />
          {file?.conflict ? <Conflict workspace={workspace} file={file} /> : null}
          {file?.error && file.phase !== "failed" ? (
            <ErrorNotice
              error={file.error}
              unchanged="The file was not saved; what you typed is kept."
              className="m-3"
              onRetry={save}
            />
          ) : null}
          <div className="relative min-h-0 flex-1">
            {editable ? (
              <FileBody workspace={workspace} file={file} line={line} asked={times} />
            ) : (
              <Empty
                title={`${selected} is not edited here`}
                action={
                  <a
                    className={buttonClass()}
                    href={fileUrl(script.id, selected)}
                    download={selected.split("/").at(-1)}
                  >
                    Download
                  </a>
                }
              >
                {entry?.text ? `Files over ${formatBytes(EDITABLE_BYTES)} are` : "A file that is not text is"} kept as
                it is.
              </Empty>
            )}
          </div>
        </div>
      </div>
      <RunDock script={script} onPlace={select} />
    </div>
  );
}

interface FileBodyProps {
  workspace: Workspace;
  file: OpenFile | undefined;
  line: number | undefined;
  asked: number;
}

function FileBody({ workspace, file, line, asked }: FileBodyProps) {
  if (file?.phase === "failed")
    return (
      <ErrorNotice
        error={file.error}
        unchanged="Nothing was changed."
        className="m-3"
        onRetry={() => void workspace.open(file.path)}
      />
    );
  if (!file || file.phase === "loading") return <EditorSkeleton />;
  return (
    <Suspense fallback={<EditorSkeleton />}>
      <Editor workspace={workspace} file={file} line={line} asked={asked} />
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

interface FileBarProps {
  script: Script;
  path: string;
  file: OpenFile | undefined;
  onSave: () => void;
}

function FileBar({ script, path, file, onSave }: FileBarProps) {
  const unsaved = isDirty(file);
  return (
    <div className="flex h-9 shrink-0 items-center gap-3 border-line border-b pr-2 pl-4 text-sm">
      <span className="truncate-line font-mono text-[12.5px]">{path}</span>
      <span className="text-ink-3 text-xs" role="status" data-testid="save-state">
        {file?.phase === "saving"
          ? "Saving"
          : unsaved
            ? "Unsaved, kept as a draft"
            : file?.phase === "ready"
              ? `Saved · revision ${script.revision}`
              : ""}
      </span>
      <Button
        look="quiet"
        size="sm"
        className="ml-auto"
        disabled={!unsaved || file?.conflict}
        onClick={onSave}
        title={`${modKey} S`}
      >
        Save
      </Button>
    </div>
  );
}

function Conflict({ workspace, file }: { workspace: Workspace; file: OpenFile }) {
  const [error, setError] = useState<unknown>(null);
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center gap-x-4 gap-y-2 border-skip/40 border-b bg-skip/8 px-4 py-2 text-sm"
    >
      <p className="min-w-0 flex-1 basis-64">
        <span className="font-medium">{file.path} was changed elsewhere</span> since you began. Nothing was overwritten.
        {error ? <span className="block text-fail">{String(error)}</span> : null}
      </p>
      <div className="flex gap-2">
        <Button size="sm" onClick={() => workspace.takeTheirs(file.path).catch(setError)}>
          Discard mine
        </Button>
        <Button size="sm" onClick={() => void workspace.keepMine(file.path)}>
          Overwrite with mine
        </Button>
      </div>
    </div>
  );
}

/** Ctrl/Cmd+S and Ctrl/Cmd+Enter anywhere on the tab; taken before the editor or the browser sees them. */
function useSaveKeys(save: () => Promise<void>, run: () => Promise<unknown>) {
  const latest = useRef({ save, run });
  latest.current = { save, run };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      const act = event.key === "s" ? latest.current.save : event.key === "Enter" ? latest.current.run : null;
      if (!act) return;
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) void act();
    };
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  }, []);
}
