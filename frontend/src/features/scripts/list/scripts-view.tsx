// The list of scripts: narrowed while somebody types, ordered, chosen from, acted upon.
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Plus, Tags, Trash2, X } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { Button, buttonClass, IconButton } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { FilterBar, FilterSheet } from "~/components/ui/filter-bar";
import { Empty, Page, Panel, SkeletonRows } from "~/components/ui/panel";
import { SearchField } from "~/components/ui/search-field";
import { Select } from "~/components/ui/select";
import { Tooltip } from "~/components/ui/tooltip";
import { plural } from "~/lib/format";
import { usePhone } from "~/lib/media";
import { useTyped } from "~/lib/use-typed";
import { BulkBar } from "./bulk/bulk-bar";
import { useBulk } from "./bulk/use-bulk";
import { editorOf, itemsOf } from "./filters/script-filters";
import { DropOverlay } from "./new/drop-overlay";
import { NewScriptDialog } from "./new/new-script-dialog";
import { useFileDrop } from "./new/use-file-drop";
import { useImports } from "./new/use-imports";
import { DuplicateDialog, RenameDialog } from "./script-dialogs";
import { asList, type Filters, isNarrowed, listOf, NO_FILTERS, type ScriptsSearch, type Sort } from "./search";
import { CodeStatus, codeWords } from "./table/code-head";
import { entriesOf } from "./table/layout";
import { ScriptsTable } from "./table/scripts-table";
import { ChooseTagsDialog } from "./tags/choose-tags-dialog";
import { TagsDialog } from "./tags/tags-dialog";
import { type OpenDialog, useActs } from "./use-acts";
import { useAllScripts } from "./use-all-scripts";
import { useChoice } from "./use-choice";
import { type Found, useFound } from "./use-found";

const SORTS: { value: Sort; label: string }[] = [
  { value: "name", label: "By title" },
  { value: "last_run", label: "Latest run first" },
  { value: "next_run", label: "Next run first" },
];

export function ScriptsView() {
  const search = useSearch({ from: "/scripts" });
  const navigate = useNavigate({ from: "/scripts" });
  const phone = usePhone();
  const change = useCallback(
    (patch: Partial<ScriptsSearch>, keepBefore = false) =>
      void navigate({ search: (before) => ({ ...before, ...patch }), replace: !keepBefore }),
    [navigate],
  );
  const [typed, setTyped] = useTyped(search.q, (q) => change({ q }));
  const { scripts, isPending, isPartial, error, retry } = useAllScripts();
  const found = useFound(scripts, search, typed);
  const { named, coded, code } = found;
  const entries = useMemo(() => entriesOf(named, coded, code), [named, coded, code]);

  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const [managing, setManaging] = useState(false);
  const acts = useActs(setDialog);
  const bulk = useBulk();
  const choice = useChoice(entries, acts);
  const imports = useImports();
  const isDragged = useFileDrop((files) => {
    imports.add(files);
    if (search.new !== "import") change({ new: "import" }, search.new === undefined);
  });

  const onTag = useCallback(
    (tag: string) =>
      void navigate({
        search: (before) => ({ ...before, tags: asList([...new Set([...listOf(before.tags), tag])]) }),
        replace: true,
      }),
    [navigate],
  );
  const handlers = useMemo(
    () => ({ onChoose: choice.choose, onActive: choice.setActive, onTag }),
    [choice.choose, choice.setActive, onTag],
  );
  const sort = search.sort ?? "name";
  const onSort = (next: Sort) =>
    next === sort
      ? change({ reverse: search.reverse ? undefined : true })
      : change({ sort: next === "name" ? undefined : next, reverse: undefined });
  const clear = () => {
    setTyped("");
    change({ ...NO_FILTERS, q: undefined });
  };
  const narrowed = isNarrowed({ ...search, q: typed });
  const filters = { items: itemsOf(search), editor: editorOf({ filters: search, onChange: change }) };
  const clearFilter = (name: string) => change({ [name as keyof Filters]: undefined });
  const startNew = () => change({ new: "blank" }, true);
  const isEmpty = !isPending && !error && scripts.length === 0;

  return (
    <Page title="Scripts">
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <SearchField
          label="Search scripts"
          placeholder={phone ? "Search" : "Search, also in the code"}
          className="w-60 max-sm:flex-1"
          value={typed}
          onChange={setTyped}
        />
        {phone ? (
          <FilterSheet {...filters} onClearAll={clear}>
            <div className="flex items-center gap-3 border-line border-b px-4 py-2 text-sm">
              <span>Order</span>
              <Select
                label="Order"
                className="ml-auto w-44"
                value={sort}
                onChange={(next) => change({ sort: next === "name" ? undefined : next, reverse: undefined })}
                options={SORTS}
              />
            </div>
          </FilterSheet>
        ) : (
          <FilterBar {...filters} onClear={clearFilter} />
        )}
        {narrowed && !phone ? (
          <Button look="quiet" onClick={clear}>
            <X aria-hidden /> Clear
          </Button>
        ) : null}
        <span className="ml-auto flex items-center gap-1.5 max-sm:w-full">
          <span role="status" className="mr-1.5 text-ink-3 text-sm tabular-nums max-sm:flex-1">
            <Count found={found} total={scripts.length} narrowed={narrowed} isPartial={isPartial} ready={!isPending} />
          </span>
          <IconButton label="Tags" hint="Colours and titles of tags" onClick={() => setManaging(true)}>
            <Tags />
          </IconButton>
          <Tooltip content="Trash">
            <Link
              to="/scripts"
              search={{ trash: true }}
              aria-label="Trash"
              className={buttonClass("quiet", "sm", "w-7 px-0! text-ink-3! [&_svg]:size-4!")}
            >
              <Trash2 aria-hidden />
            </Link>
          </Tooltip>
          <Button look="primary" className="ml-1" aria-label="New script" onClick={startNew}>
            <Plus aria-hidden /> <span className="max-sm:hidden">New script</span>
            <span className="sm:hidden">New</span>
          </Button>
        </span>
      </div>
      {error ? (
        <ErrorNotice
          error={error}
          unchanged={scripts.length > 0 ? "What is shown is what was read before." : undefined}
          onRetry={retry}
          className="mb-3"
        />
      ) : null}
      <CodeStatus code={code} />
      <Panel aria-label="Scripts">
        {isPending ? <SkeletonRows rows={8} height={52} /> : null}
        {isEmpty ? <NoneYet onNew={startNew} onWay={(way) => change({ new: way }, true)} /> : null}
        {!isPending && scripts.length > 0 && named.length + coded.length === 0 ? (
          <Empty title="No script fits" action={<Button onClick={clear}>Clear the filters</Button>}>
            {code.text === null ? "Take a filter away, or search for something else." : `${codeWords(code)}.`}
          </Empty>
        ) : null}
        {named.length + coded.length > 0 ? (
          <ScriptsTable
            entries={entries}
            code={code}
            chosen={choice.chosen}
            chosenShown={choice.scripts.length}
            shown={choice.shown}
            onChooseAll={choice.chooseAll}
            active={choice.active}
            moved={choice.moved}
            sort={sort}
            reverse={search.reverse ?? false}
            onSort={onSort}
            acts={acts}
            handlers={handlers}
          />
        ) : null}
      </Panel>
      <BulkBar
        chosen={choice.scripts}
        bulk={bulk}
        onTags={() => setDialog({ kind: "tags", scripts: choice.scripts })}
        onClear={choice.clear}
      />
      {dialog ? <RowDialog dialog={dialog} bulk={bulk} onClose={() => setDialog(null)} /> : null}
      <TagsDialog
        open={managing}
        onClose={() => setManaging(false)}
        onRenamed={(from, to) => {
          const tags = listOf(search.tags);
          if (!tags.includes(from)) return;
          change({ tags: asList([...new Set(tags.flatMap((tag) => (tag === from ? (to ? [to] : []) : [tag])))]) });
        }}
      />
      {search.new ? (
        <NewScriptDialog
          way={search.new}
          onWay={(way) => change({ new: way })}
          onClose={() => {
            imports.forget();
            change({ new: undefined });
          }}
          imports={imports}
        />
      ) : null}
      {isDragged ? <DropOverlay /> : null}
    </Page>
  );
}

function RowDialog({
  dialog,
  bulk,
  onClose,
}: {
  dialog: OpenDialog;
  bulk: ReturnType<typeof useBulk>;
  onClose: () => void;
}) {
  const [script] = dialog.scripts;
  if (!script) return null;
  if (dialog.kind === "rename") return <RenameDialog script={script} onClose={onClose} />;
  if (dialog.kind === "duplicate") return <DuplicateDialog script={script} onClose={onClose} />;
  return <ChooseTagsDialog scripts={dialog.scripts} bulk={bulk} onClose={onClose} />;
}

interface CountProps {
  found: Found;
  total: number;
  narrowed: boolean;
  isPartial: boolean;
  ready: boolean;
}

function Count({ found, total, narrowed, isPartial, ready }: CountProps) {
  if (!ready) return null;
  const some = found.named.length + found.coded.length;
  const words = narrowed ? `${some} of ${total}` : plural(total, "script");
  return isPartial ? `${words}, more are read…` : words;
}

function NoneYet({ onNew, onWay }: { onNew: () => void; onWay: (way: "template" | "import") => void }) {
  return (
    <Empty
      title="Write your first script"
      action={
        <span className="flex flex-wrap justify-center gap-2">
          <Button look="primary" onClick={onNew}>
            <Plus aria-hidden /> New script
          </Button>
          <Button onClick={() => onWay("template")}>From a template</Button>
          <Button onClick={() => onWay("import")}>Import files</Button>
        </span>
      }
    >
      A script is a folder with a <code className="num">main.py</code>. Name the packages it needs, press Run, and it
      runs in a container of its own while you read along. Files you have can be dropped anywhere on this page.
    </Empty>
  );
}
