// Write and run: the folder on the left, tabs and the editor, the dock below. Puts the rooms together and holds what the
// address says: the file, a line, a revision to compare with.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { PanelLeft } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { toast } from "sonner";
import { runQuery, scriptQuery } from "~/api/queries";
import type { Script } from "~/api/types";
import { IconButton } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Sheet } from "~/components/ui/sheet";
import { usePhone } from "~/lib/media";
import { useFlag, usePreference } from "~/lib/preference";
import { useRunScript } from "../use-run-script";
import { ConflictBar } from "./conflict/conflict-bar";
import { Dock, useDock } from "./dock/dock";
import { Bar, Output, RunWords } from "./dock/output";
import { Splitter } from "./dock/splitter";
import { FileActions } from "./editor/file-actions";
import { FileBody } from "./editor/file-body";
import { waysOf } from "./preview/how";
import { worst } from "./problems/problems";
import { ProblemsPanel } from "./problems/problems-panel";
import { useProblems } from "./problems/use-problems";
import { entriesOf, folderQuery } from "./requests";
import { RevisionView } from "./revisions/revision-view";
import { RevisionsPanel } from "./revisions/revisions-panel";
import { TabStrip } from "./tabs/tab-strip";
import { afterClosing, renamedTabs, withoutTabs } from "./tabs/tabs";
import { useTabs } from "./tabs/use-tabs";
import { FileTree } from "./tree/file-tree";
import { movedPath } from "./tree/paths";
import { useFolder } from "./tree/use-folder";
import { useCodeKeys } from "./use-code-keys";
import { useFreshFiles, useWorkspace } from "./use-workspace";
import { isDirty } from "./workspace";

const TREE = { first: 224, least: 160, most: 520 };

export function CodeTab() {
  const { scriptId } = useParams({ from: "/scripts/$scriptId/code" });
  const { data: script } = useQuery(scriptQuery(scriptId));
  return script ? <CodeView key={script.id} script={script} /> : null;
}

function CodeView({ script }: { script: Script }) {
  const { file: asked, line, revision, against = "now" } = useSearch({ from: "/scripts/$scriptId/code" });
  const navigate = useNavigate({ from: "/scripts/$scriptId/code" });
  const queryClient = useQueryClient();
  const phone = usePhone();
  const shown = asked ?? script.entry_point;
  const [times, setTimes] = useState(0);
  const [merging, setMerging] = useState<string | null>(null);
  const [previewing, setPreviewing] = useState<ReadonlySet<string>>(new Set());
  const [sheet, setSheet] = useState(false);
  const [treeOpen, setTreeOpen] = useFlag("tree.open", true);
  const [treeWidth, setTreeWidth] = usePreference<string>("tree.width", String(TREE.first));
  const { workspace, files } = useWorkspace(script.id);
  const { run } = useRunScript(script.id);
  const list = useQuery(folderQuery(script.id));
  const entries = entriesOf(list.data);
  useFreshFiles(workspace, list.data?.items);
  const { tabs, settled, setTabs } = useTabs(script.id, shown, script.entry_point);
  const dock = useDock();
  const { data: lastRun } = useQuery({
    ...runQuery(script.last_run?.id ?? ""),
    enabled: Boolean(script.last_run),
    initialData: script.last_run ?? undefined,
  });
  const found = useProblems(script.id, lastRun);

  const entry = useMemo(() => entries.find((each) => each.path === shown), [entries, shown]);
  const ways = waysOf(entry);
  const file = files.get(shown);
  const preview = !ways.edit || (ways.preview && previewing.has(shown));
  // `files` tells when the drafts may have changed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above.
  const dirty = useMemo(() => new Set(workspace.draftPaths()), [workspace, files]);
  const conflicts = new Set([...files.values()].filter((each) => each.conflict).map((each) => each.path));

  const absent = file === undefined;
  // A file may be huge: what is not code by its name waits for the list to say what it is.
  const readable = ways.edit && (list.data !== undefined || list.isError || shown.endsWith(".py"));
  useEffect(() => {
    if (readable && absent && settled) void workspace.open(shown);
  }, [workspace, shown, readable, absent, settled]);
  // Tabs with unsaved work are open in earnest: a run saves them first.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, for what was left behind.
  useEffect(() => {
    for (const path of workspace.draftPaths()) if (tabs.includes(path)) void workspace.open(path);
  }, [workspace]);
  useEffect(() => {
    if (merging !== null && !conflicts.has(merging)) setMerging(null);
  });

  const go = (search: { file?: string; line?: number; revision?: number; against?: "previous" }) =>
    void navigate({
      search: { ...search, file: search.file === script.entry_point ? undefined : search.file },
      replace: true,
    });
  const show = (path: string, line?: number) => {
    setTimes((known) => known + 1);
    setSheet(false);
    if (line !== undefined && previewing.has(path)) flipPreview(path, false);
    go({ file: path, ...(line === undefined ? {} : { line }) });
  };
  const flipPreview = (path: string, on: boolean) => {
    const next = new Set(previewing);
    if (on) next.add(path);
    else next.delete(path);
    setPreviewing(next);
  };
  const save = async () => {
    if (await workspace.save(shown)) void queryClient.invalidateQueries({ queryKey: ["script", script.id] });
  };
  useCodeKeys({ save, run });

  const closable = (path: string) => tabs.length > 1 || path !== script.entry_point;
  const close = (path: string) => {
    const unsaved = isDirty(files.get(path));
    const next = afterClosing(tabs, path, shown);
    setTabs((known) => withoutTabs(known, path));
    workspace.close(path);
    if (next !== shown) show(next ?? script.entry_point);
    if (unsaved)
      toast(`${path} is closed with unsaved work`, {
        description: "It is kept in this browser as a draft and comes back when the file is opened.",
        action: { label: "Open again", onClick: () => show(path) },
      });
  };
  const folder = useFolder({
    script,
    workspace,
    entries,
    onOpen: (path) => show(path),
    onMoved: (from, to) => {
      setTabs((known) => renamedTabs(known, from, to));
      const next = movedPath(shown, from, to);
      if (next !== null) show(next);
    },
    onGone: (path) => {
      const left = withoutTabs(tabs, path);
      setTabs(() => left);
      if (!left.includes(shown)) show(left.at(-1) ?? script.entry_point);
    },
  });

  const tree = (
    <FileTree
      script={script}
      entries={entries}
      truncated={list.data?.truncated ?? false}
      error={list.data ? null : list.error}
      onRetry={() => void list.refetch()}
      folder={folder}
      dirty={dirty}
      shown={shown}
      onOpen={(path) => show(path)}
    />
  );
  const width = Math.min(TREE.most, Math.max(TREE.least, Number(treeWidth) || TREE.first));
  const grave = worst(found);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex min-h-0 flex-1">
        {phone ? (
          <Sheet open={sheet} onClose={() => setSheet(false)} title="Files">
            <div className="flex h-[70vh] flex-col">{tree}</div>
          </Sheet>
        ) : treeOpen ? (
          <div className="relative flex shrink-0 flex-col border-line border-r bg-panel" style={{ width }}>
            {tree}
            <Splitter
              label="Width of the files"
              side="after"
              value={width}
              least={TREE.least}
              most={TREE.most}
              onChange={(next) => setTreeWidth(String(next))}
            />
          </div>
        ) : null}
        <div className="flex min-h-0 min-w-0 flex-1 flex-col bg-panel">
          <div className="flex shrink-0 items-stretch border-line border-b bg-sunken max-md:flex-wrap">
            <IconButton
              label={phone ? "Files" : treeOpen ? "Hide the files" : "Show the files"}
              className="m-1"
              onClick={() => (phone ? setSheet(true) : setTreeOpen(!treeOpen))}
            >
              <PanelLeft />
            </IconButton>
            <TabStrip
              tabs={tabs}
              shown={shown}
              dirty={dirty}
              conflicts={conflicts}
              closable={closable}
              onShow={(path) => show(path)}
              onClose={close}
              onOrder={setTabs}
            />
            <FileActions
              script={script}
              file={file}
              ways={ways}
              preview={preview}
              onPreview={(on) => flipPreview(shown, on)}
              onSave={save}
            />
          </div>
          {file?.conflict && !revision ? (
            <ConflictBar
              key={shown}
              workspace={workspace}
              file={file}
              merging={merging === shown}
              onMerge={(on) => setMerging(on ? shown : null)}
            />
          ) : null}
          {file?.error && file.phase !== "failed" ? (
            <ErrorNotice
              error={file.error}
              unchanged="The file was not saved; what you typed is kept."
              className="m-3"
              onRetry={save}
            />
          ) : null}
          {revision ? (
            <RevisionView
              scriptId={script.id}
              newest={script.revision}
              revision={revision}
              against={against}
              path={shown}
              entry={entry}
              text={file && file.phase !== "loading" && file.phase !== "failed" ? file.text : null}
              onAgainst={(next) => go({ file: shown, revision, ...(next === "previous" ? { against: next } : {}) })}
              onClose={() => show(shown)}
              onTake={async (text) => {
                await workspace.open(shown);
                workspace.replace(shown, text);
                show(shown);
                toast("The old text is in the editor, unsaved", { description: "Save it, or undo it there." });
              }}
            />
          ) : (
            <div className="relative min-h-0 flex-1">
              <FileBody
                workspace={workspace}
                file={file}
                entry={entry}
                path={shown}
                preview={preview}
                merging={merging === shown}
                line={line}
                asked={times}
                onClose={closable(shown) ? () => close(shown) : undefined}
                onPlace={show}
              />
            </div>
          )}
        </div>
      </div>
      <Dock
        dock={dock}
        badges={{
          problems:
            found.length > 0 ? (
              <span className={`num text-xs ${grave === "error" ? "text-fail" : "text-skip"}`}>{found.length}</span>
            ) : null,
        }}
        aside={lastRun ? <RunWords run={lastRun} onPlace={show} /> : <NoRun />}
      >
        {(bar) =>
          dock.tab === "output" ? (
            <Output run={lastRun} bar={bar} onPlace={show} />
          ) : (
            <>
              {phone ? null : <Bar>{bar}</Bar>}
              {dock.tab === "problems" ? (
                <ProblemsPanel scriptId={script.id} found={found} onPlace={show} />
              ) : (
                <RevisionsPanel
                  scriptId={script.id}
                  newest={script.revision}
                  chosen={revision}
                  path={shown}
                  onChoose={(number) => go({ file: shown, ...(number === undefined ? {} : { revision: number }) })}
                  onCompare={(compared) =>
                    go({ file: compared.path, revision: compared.revision, against: "previous" })
                  }
                />
              )}
            </>
          )
        }
      </Dock>
    </div>
  );
}

const NoRun = () => <span className="truncate-line block pl-2 text-ink-3 text-sm">No run yet</span>;
