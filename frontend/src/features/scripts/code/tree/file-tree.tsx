// The script's folder as a tree: keyboard, menus, drags inside it and from the desktop. Only rows in sight are drawn.
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type ChangeEvent,
  type KeyboardEvent,
  useDeferredValue,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from "react";
import { toast } from "sonner";
import type { Script } from "~/api/types";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Input } from "~/components/ui/field";
import { cn } from "~/lib/cn";
import { usePhone } from "~/lib/media";
import type { FolderEntry } from "../contract";
import { AskDelete, AskReplace } from "./ask";
import { type Brought, chosenFiles } from "./dropped";
import { NameInput } from "./name-input";
import { foldersAbove, isWithin, joined, moveRefusal, nameOf, parentOf } from "./paths";
import { fitting, type Row, rowsOf, treeMove, treeOf, typedAhead } from "./rows";
import { TreeBar } from "./tree-bar";
import { type RowActs, TreeRow } from "./tree-row";
import { UploadProgress } from "./upload-progress";
import { useDrops } from "./use-drops";
import type { Folder } from "./use-folder";
import { useOpened } from "./use-opened";

const TYPING_MS = 700;

interface FileTreeProps {
  script: Script;
  entries: readonly FolderEntry[];
  truncated: boolean;
  error: unknown;
  onRetry: () => void;
  folder: Folder;
  /** Files with unsaved work, open or not. */
  dirty: ReadonlySet<string>;
  shown: string;
  onOpen: (path: string) => void;
}

type Naming = { new: "file" | "folder"; in: string } | { rename: string } | null;

export function FileTree({ script, entries, truncated, error, onRetry, folder, dirty, shown, onOpen }: FileTreeProps) {
  const id = useId();
  const phone = usePhone();
  const height = phone ? 40 : 28;
  const { opened, setOpened } = useOpened(script.id, shown);
  const [words, setWords] = useState<string | null>(null);
  const wanted = useDeferredValue(words ?? "");
  const [active, setActive] = useState(shown);
  const [naming, setNaming] = useState<Naming>(null);
  const [menu, setMenu] = useState<string | null>(null);
  const [deleting, setDeleting] = useState<string | null>(null);
  const [asking, setAsking] = useState<{ brought: Brought[]; taken: string[]; into: string } | null>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const folderPicker = useRef<HTMLInputElement>(null);
  const uploadInto = useRef("");
  const typed = useRef({ text: "", at: 0 });
  /** What was chosen in a menu and takes the focus: done once the menu has let go of it. */
  const afterMenu = useRef<(() => void) | null>(null);

  const roots = useMemo(() => treeOf(entries), [entries]);
  const rows = useMemo(
    () => (wanted.trim() ? fitting(entries, wanted) : rowsOf(roots, opened)),
    [entries, wanted, roots, opened],
  );
  const at = rows.findIndex((row) => row.node.path === active);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => height,
    overscan: 12,
    getItemKey: (index) => rows[index]?.node.path ?? index,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows that come and go move nothing by themselves.
  useEffect(() => {
    setActive(shown);
    const index = rows.findIndex((row) => row.node.path === shown);
    if (index >= 0) virtual.scrollToIndex(index, { align: "auto" });
  }, [shown]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another row height is measured anew.
  useEffect(() => virtual.measure(), [height]);

  const go = (index: number) => {
    const row = rows[index];
    if (!row) return;
    setActive(row.node.path);
    virtual.scrollToIndex(index, { align: "auto" });
  };
  const refocus = () => scroll.current?.focus({ preventScroll: true });
  const flip = (path: string, open: boolean) => {
    setOpened((known) => {
      const next = new Set(known);
      if (open) next.add(path);
      else next.delete(path);
      return next;
    });
  };
  const press = (row: Row) => {
    setActive(row.node.path);
    if (row.node.kind === "directory") flip(row.node.path, !row.open);
    else if (row.node.kind === "file") onOpen(row.node.path);
    else toast(`${row.node.path} is a link or a device`, { description: "It is shown, and never opened." });
  };
  const askDelete = (row: Row) => {
    const { path, kind } = row.node;
    const weight = folder.weigh(path);
    if (weight.undoable && !weight.runs) void folder.remove(path, kind === "directory");
    else setDeleting(path);
  };
  const bring = (brought: Brought[], into: string) => {
    const taken = brought.map((each) => joined(into, each.path)).filter((path) => folder.present.has(path));
    if (into) flip(into, true);
    if (taken.length > 0) setAsking({ brought, taken, into });
    else void folder.upload(brought, into, false);
  };
  const moveInto = (path: string, into: string) => {
    const refused = moveRefusal(path, into, folder.present);
    if (parentOf(path) === into) return;
    if (refused) toast.error(`${path} stays where it is`, { description: refused });
    else void folder.move(path, joined(into, nameOf(path)));
  };

  const drops = useDrops({ rows, onOpen: (path) => flip(path, true), onMove: moveInto, onBring: bring });
  const acts: RowActs = {
    onPress: press,
    onMenu: (path, open) => {
      setMenu(open ? path : null);
      if (open) setActive(path);
    },
    onMenuClosed: () => {
      const next = afterMenu.current;
      afterMenu.current = null;
      refocus();
      next?.();
    },
    onRename: (path) => {
      afterMenu.current = () => setNaming({ rename: path });
    },
    onRenamed: (path, to) => {
      setNaming(null);
      refocus();
      if (to && to !== path) void folder.move(path, to);
    },
    onDelete: (row) => {
      afterMenu.current = () => askDelete(row);
    },
    onNew: (into, kind) => {
      afterMenu.current = () => setNaming({ new: kind, in: into });
    },
    onUpload: (into) => {
      uploadInto.current = into;
      picker.current?.click();
    },
    onEntry: (path) => void folder.makeEntry(path),
    onDragStart: drops.onDragStart,
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement) return;
    const row = rows[at];
    const handled = () => event.preventDefault();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = treeMove(rows, at, event.key);
    if (move) {
      handled();
      if ("go" in move) go(move.go);
      else flip("open" in move ? move.open : move.close, "open" in move);
    } else if (row && (event.key === "Enter" || event.key === " ")) {
      handled();
      press(row);
    } else if (row && event.key === "F2") {
      handled();
      setNaming({ rename: row.node.path });
    } else if (row && event.key === "Delete") {
      handled();
      if (row.node.path === script.entry_point)
        toast(`${row.node.path} is what runs`, { description: "Make another file what runs before it is deleted." });
      else askDelete(row);
    } else if (row && (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey))) {
      handled();
      setMenu(row.node.path);
    } else if (event.key.length === 1) {
      const now = Date.now();
      const text = now - typed.current.at < TYPING_MS ? typed.current.text + event.key : event.key;
      typed.current = { text, at: now };
      const next = typedAhead(rows, Math.max(at, 0), text);
      // The page's own single keys are not for a list in which names are typed.
      event.stopPropagation();
      if (next !== null) go(next);
    }
  };

  const onChosen = (event: ChangeEvent<HTMLInputElement>) => {
    const brought = event.target.files ? chosenFiles(event.target.files) : [];
    event.target.value = "";
    if (brought.length > 0) bring(brought, uploadInto.current);
    uploadInto.current = "";
  };
  const named = (path: string) => {
    const kind = naming && "new" in naming ? naming.new : null;
    setNaming(null);
    if (!path || !kind) return;
    if (kind === "file") void folder.addFile(path);
    else void folder.addFolder(path);
    setOpened((known) => new Set([...known, ...foldersAbove(path)]));
  };

  return (
    <nav aria-label="Files" className="flex min-h-0 flex-1 flex-col">
      <TreeBar
        finding={words !== null}
        onFind={(finding) => setWords(finding ? "" : null)}
        onNew={(kind) => setNaming({ new: kind, in: "" })}
        onUpload={(what) => {
          uploadInto.current = "";
          (what === "files" ? picker : folderPicker).current?.click();
        }}
      />
      <input ref={picker} type="file" multiple hidden data-testid="upload-files" onChange={onChosen} />
      <input
        ref={folderPicker}
        type="file"
        multiple
        hidden
        data-testid="upload-folder"
        {...{ webkitdirectory: "" }}
        onChange={onChosen}
      />
      {words === null ? null : (
        <div className="shrink-0 border-line border-b p-1.5">
          <Input
            autoFocus
            dense
            type="search"
            aria-label="Find a file"
            placeholder="Part of a path"
            value={words}
            onChange={(event) => setWords(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape") {
                setWords(null);
                refocus();
              }
              if (event.key === "ArrowDown" || event.key === "Enter") {
                event.preventDefault();
                const first = rows.findIndex((row) => row.node.kind === "file");
                refocus();
                go(Math.max(first, 0));
              }
            }}
          />
        </div>
      )}
      {error ? (
        <div className="p-2">
          <ErrorNotice error={error} onRetry={onRetry} />
        </div>
      ) : null}
      {naming && "new" in naming ? (
        <div className="flex shrink-0 px-2 py-1">
          <NameInput
            label={`Name of the new ${naming.new}`}
            initial={naming.in ? `${naming.in}/` : ""}
            placeholder={naming.new === "file" ? "helpers.py" : "data"}
            onDone={named}
          />
        </div>
      ) : null}
      <div
        ref={scroll}
        role="tree"
        aria-label="Files of the script"
        tabIndex={0}
        aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
        onKeyDown={onKey}
        onContextMenu={(event) => {
          const path = (event.target as HTMLElement).closest<HTMLElement>("[data-path]")?.dataset.path;
          if (path === undefined) return;
          event.preventDefault();
          setMenu(path);
        }}
        {...drops.handlers}
        className={cn(
          "group/tree min-h-0 flex-1 overflow-auto py-1 outline-none",
          drops.target === "" && "bg-accent-soft",
        )}
      >
        <div role="none" className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            const { path } = row.node;
            return (
              <TreeRow
                key={item.key}
                row={row}
                id={`${id}-${item.index}`}
                scriptId={script.id}
                active={path === active}
                shown={path === shown}
                entry={path === script.entry_point}
                dirty={dirty.has(path)}
                naming={naming !== null && "rename" in naming && naming.rename === path}
                menu={menu === path}
                target={Boolean(drops.target) && (path === drops.target || isWithin(path, drops.target ?? ""))}
                style={{ top: item.start, height }}
                acts={acts}
              />
            );
          })}
        </div>
        {wanted.trim() && rows.length === 0 ? (
          <p className="px-3 py-2 text-ink-3 text-sm">No path holds “{wanted.trim()}”.</p>
        ) : null}
      </div>
      {truncated ? (
        <p role="status" className="shrink-0 border-line border-t px-3 py-2 text-ink-3 text-xs">
          The folder holds more than is listed: these are the first {entries.length.toLocaleString("en")} entries.
        </p>
      ) : null}
      <UploadProgress scriptId={script.id} />
      {deleting === null ? null : (
        <AskDelete
          path={deleting}
          weight={folder.weigh(deleting)}
          onClose={() => setDeleting(null)}
          onDelete={() => {
            setDeleting(null);
            void folder.remove(deleting, folder.isFolder(deleting));
          }}
        />
      )}
      {asking ? (
        <AskReplace
          brought={asking.brought}
          taken={asking.taken}
          onClose={() => setAsking(null)}
          onUpload={(replace) => {
            setAsking(null);
            const left = asking.brought.filter(
              (each) => replace || !folder.present.has(joined(asking.into, each.path)),
            );
            void folder.upload(left, asking.into, replace);
          }}
        />
      ) : null}
    </nav>
  );
}
